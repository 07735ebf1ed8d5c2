"""Train the autoencoder's halves apart: the decoder to draw the fixed latents, the encoder to find them."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from demo.dataset import load_codec
from demo.models import build_autoencoder

log = logging.getLogger(__name__)

BATCH = 32
LEARNING_RATE = 2e-3
#: latents from the UNet are a little off; the decoder learns to draw them all the same
LATENT_NOISE = 0.06
ENCODER_SHARE = 0.15  # of the time
SAVE_INTERVAL = 120.0  # seconds


def train(folder: Path, minutes: float, seed: int = 0) -> None:
    """Train by the clock on one thread; goes on where an interrupted run was."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pictures = np.load(folder / "pictures.npy", mmap_mode="r")
    codec = load_codec(folder)
    model = build_autoencoder()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    path, elapsed = folder / "autoencoder.pt", 0.0
    if path.exists():
        stored = torch.load(path, weights_only=True)
        model.load_state_dict(stored["model"])
        optimiser.load_state_dict(stored["optimiser"])
        elapsed = stored["elapsed"]
    started, saved, step = time.monotonic() - elapsed, time.monotonic(), 0
    while (part := (time.monotonic() - started) / (minutes * 60)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * part))
        chosen = np.sort(rng.integers(len(pictures), size=BATCH))
        batch = np.stack([pictures[i] for i in chosen])
        latents = torch.from_numpy(codec.encode(batch))
        pixels = torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1
        encodes = rng.random() < ENCODER_SHARE
        loss = _encoder_loss(model, pixels, latents) if encodes else _decoder_loss(model, pixels, latents)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % 100 == 0:
            log.info("step %d, %.0f %% of the time, %.1f dB", step, 100 * part, quality(model, pixels, latents))
        if time.monotonic() - saved > SAVE_INTERVAL:
            saved = time.monotonic()
            _save(path, model, optimiser, time.monotonic() - started)
    _save(path, model, optimiser, minutes * 60)


@torch.inference_mode()
def quality(model: nn.Module, pixels: torch.Tensor, latents: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of decoded pictures, in dB."""
    error = (model.decode(latents).sample.clamp(-1, 1) - pixels).pow(2).mean()
    return float(10 * torch.log10(4 / error))


def _decoder_loss(model: nn.Module, pixels: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    noisy = latents + LATENT_NOISE * torch.rand(len(latents), 1, 1, 1) * torch.randn_like(latents)
    with torch.autocast("cpu", torch.bfloat16):
        drawn = model.decode(noisy).sample.float()
    edges = sum(functional.l1_loss(drawn.diff(dim=axis), pixels.diff(dim=axis)) for axis in (2, 3))
    return functional.l1_loss(drawn, pixels) + 0.5 * functional.mse_loss(drawn, pixels) + 0.5 * edges


def _encoder_loss(model: nn.Module, pixels: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        posterior = model.encode(pixels).latent_dist
    # its spread is kept at e^-10, next to nothing: the latents are points
    return functional.mse_loss(posterior.mean.float(), latents) + 0.001 * (posterior.logvar.float() + 20).pow(2).mean()


def _save(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, elapsed: float) -> None:
    unfinished = path.with_suffix(".new")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "elapsed": elapsed}, unfinished)
    unfinished.replace(path)
