"""Noise to train the denoiser with: scheduled noise on latents, and random vectors in captions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

from demo.models import NOISE_SCHEDULE
from embeddings.injection import Placement

#: share of plain captions that get random vectors in front, so that untrained vectors mean nothing to the checkpoint
NOISE_VECTORS_SHARE = 0.15
MAX_NOISE_VECTORS = 8
TIMESTEPS = NOISE_SCHEDULE["num_train_timesteps"]


@dataclass(frozen=True, slots=True)
class Noised:
    """Noisy latents, and what the denoiser should predict from them.

    Shape: latents and target (n, channels, height, width); timesteps and weight (n,).
    """

    latents: torch.Tensor
    timesteps: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor


@dataclass(frozen=True, slots=True)
class Schedule:
    """√ᾱ and √(1 − ᾱ) of the thousand timesteps, and the weight of each in the loss."""

    signal: torch.Tensor
    noise: torch.Tensor
    weight: torch.Tensor

    def apply(self, x0: torch.Tensor, generator: torch.Generator) -> Noised:
        """Add noise to each picture. The timesteps are stratified, so every batch covers the whole range."""
        batch = len(x0)
        noise = torch.randn(x0.shape, generator=generator)
        timesteps = ((torch.arange(batch) + torch.rand(batch, generator=generator)) / batch * TIMESTEPS).long()
        signal, spread = (tensor[timesteps].view(-1, 1, 1, 1) for tensor in (self.signal, self.noise))
        return Noised(signal * x0 + spread * noise, timesteps, signal * noise - spread * x0, self.weight[timesteps])


def noise_schedule() -> Schedule:
    """Zero terminal SNR; the weight is min(snr, 5)/(snr + 1), not below 0.25 where there is more noise than signal."""
    low, high = NOISE_SCHEDULE["beta_start"] ** 0.5, NOISE_SCHEDULE["beta_end"] ** 0.5
    betas = rescale_zero_terminal_snr(torch.linspace(low, high, TIMESTEPS, dtype=torch.float32) ** 2)
    kept = torch.cumprod(1 - betas, 0).clamp(0, 1)
    snr = kept / (1 - kept)
    weight = snr.clamp(max=5) / (snr + 1)
    return Schedule(kept.sqrt(), (1 - kept).sqrt(), torch.where(snr < 1, weight.clamp(min=0.25), weight))


def with_noise_vectors(
    vocabulary: torch.Tensor, ids: torch.Tensor, plain: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, list[list[Placement]]]:
    """Put random vectors, about as long as the vocabulary's, in front of some plain captions.

    Returns a copy of `ids`, shifted to make room, and the vectors of each caption.
    Shape: vocabulary (words, width); ids (n, 77); plain (n,), bool.
    """
    typical = float(vocabulary.norm(dim=1).median())
    ids = ids.clone()
    placements: list[list[Placement]] = []
    for row in range(len(ids)):
        if not plain[row] or float(torch.rand(1, generator=generator)) > NOISE_VECTORS_SHARE:
            placements.append([])
            continue
        count = int(torch.randint(1, MAX_NOISE_VECTORS + 1, (1,), generator=generator))
        ids[row, 1 + count :] = ids[row, 1 : ids.shape[1] - count].clone()
        vectors = torch.randn(count, vocabulary.shape[1], generator=generator)
        lengths = typical * (0.7 + 0.8 * torch.rand(count, 1, generator=generator))
        placements.append([Placement(1, vectors / vectors.norm(dim=1, keepdim=True) * lengths)])
    return ids, placements
