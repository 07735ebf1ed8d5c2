"""Train the autoencoder's halves separately: the decoder on the fixed latents, the encoder to predict them."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional

from demo.latents import load_codec
from demo.models import build_autoencoder

log = logging.getLogger(__name__)

BATCH = 32
LEARNING_RATE = 2e-3
FURTHER_LEARNING_RATE = 1e-3  # when starting from trained weights
#: the UNet's latents are slightly off, so the decoder is trained on slightly noisy ones
LATENT_NOISE = 0.06
ENCODER_SHARE = 0.25  # of the steps
SAVE_INTERVAL = 120.0  # seconds
_LOG_INTERVAL = 100  # steps


def train(folder: Path, minutes: float, seed: int = 0, start: Path | None = None) -> None:
    """Train for `minutes` on one thread, resuming an interrupted run; writes autoencoder.pt into `folder`.

    A new run starts from the checkpoint `start`, or from random weights without it.
    """
    torch.set_num_threads(1)
    trainer = _Trainer(folder, seed, start)
    interval = min(SAVE_INTERVAL, minutes * 60 / 10)
    started, saved = time.monotonic() - trainer.elapsed, time.monotonic()
    while True:
        trainer.elapsed = time.monotonic() - started
        part = trainer.elapsed / (minutes * 60)
        if part >= 1:
            break
        pixels, latents = trainer.step(part)
        if trainer.steps % _LOG_INTERVAL == 0:
            decibels = quality(trainer.model, pixels, latents)
            log.info("autoencoder: step %d, %.0f %% of the time, %.1f dB", trainer.steps, 100 * part, decibels)
        if time.monotonic() - saved > interval:
            saved = time.monotonic()
            trainer.save()
    trainer.save()


@torch.inference_mode()
def quality(model: Any, pixels: torch.Tensor, latents: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of decoded pictures, in dB."""
    drawn = model.decode(latents).sample
    return float(10 * torch.log10(4 / (drawn.clamp(-1, 1) - pixels).pow(2).mean()))


class _Trainer:
    def __init__(self, folder: Path, seed: int, start: Path | None) -> None:
        self._path = folder / "autoencoder.pt"
        self._pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        self._codec = load_codec()
        torch.manual_seed(seed)
        self.model = build_autoencoder()
        if start is not None:
            self.model.load_state_dict(AutoencoderKL.from_pretrained(start, subfolder="vae").state_dict())
        self._highest_rate = LEARNING_RATE if start is None else FURTHER_LEARNING_RATE
        self._optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=self._highest_rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.steps, self.elapsed = 0, 0.0
        if self._path.exists():
            self._restore()
        self._rng = np.random.default_rng(seed + self.steps)

    def step(self, part: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Take one step, with the learning rate for `part` of the time from 0 to 1. Returns the batch: pixels and latents."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._highest_rate * 0.5 * (1 + math.cos(math.pi * part))
        chosen = np.sort(self._rng.integers(len(self._pictures), size=BATCH))
        batch = np.stack([self._pictures[i] for i in chosen])
        latents = torch.from_numpy(self._codec.encode(batch))
        pixels = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1
        encodes = self._rng.random() < ENCODER_SHARE
        loss = _encoder_loss(self.model, pixels, latents) if encodes else _decoder_loss(self.model, pixels, latents)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimiser.step()
        self.steps += 1
        return pixels, latents

    def save(self) -> None:
        temporary = self._path.with_suffix(".new")
        state = {"step": self.steps, "elapsed": self.elapsed}
        torch.save(
            {"model": self.model.state_dict(), "optimiser": self._optimiser.state_dict(), "state": state}, temporary
        )
        temporary.replace(self._path)

    def _restore(self) -> None:
        stored = torch.load(self._path, weights_only=True)
        self.model.load_state_dict(stored["model"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self.steps, self.elapsed = stored["state"]["step"], stored["state"]["elapsed"]


def _decoder_loss(model: Any, pixels: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    noisy = latents + LATENT_NOISE * torch.rand(len(latents), 1, 1, 1) * torch.randn_like(latents)
    with torch.autocast("cpu", torch.bfloat16):
        drawn = model.decode(noisy).sample.float()
    across, down = (functional.l1_loss(drawn.diff(dim=axis), pixels.diff(dim=axis)) for axis in (3, 2))
    return functional.l1_loss(drawn, pixels) + 0.5 * functional.mse_loss(drawn, pixels) + 0.5 * (across + down)


def _encoder_loss(model: Any, pixels: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        posterior = model.encode(pixels).latent_dist
    # a log variance of -20 leaves a spread of e^-10, practically none: the latents are points
    return functional.mse_loss(posterior.mean.float(), latents) + 0.001 * (posterior.logvar.float() + 20).pow(2).mean()
