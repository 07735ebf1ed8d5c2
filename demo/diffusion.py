"""Train the UNet and the text encoder together, by the clock, on two processes of one thread each.

Two OpenMP threads collapse when anything else runs on the machine; two processes that average their gradients do not.
"""

from __future__ import annotations

import logging
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from torch import nn

from demo.models import NOISE_SCHEDULE, WIDTH, build_text_encoder, build_unet
from demo.tokenizer import build_tokenizer
from embeddings.injection import Placement, VectorInjector

log = logging.getLogger(__name__)

PROCESSES = 2
BATCH = 48  # of each process
LEARNING_RATE = 1e-3
WARMUP = 60  # steps
EMA = 0.998
SAVE_INTERVAL = 120.0  # seconds
#: share of plain captions with random vectors in front, so that vectors nobody trained mean nothing
NOISE_VECTORS_SHARE = 0.15
MAX_NOISE_VECTORS = 8


class Denoiser(nn.Module):
    """UNet and text encoder as one module, so that one optimiser and one average serve both."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = build_unet()
        self.encoder = build_text_encoder(build_tokenizer())


@dataclass(frozen=True, slots=True)
class Schedule:
    """√ᾱ and √(1 − ᾱ) of the thousand timesteps, and the weight of each in the loss."""

    signal: torch.Tensor
    noise: torch.Tensor
    weight: torch.Tensor


def noise_schedule() -> Schedule:
    """Zero terminal SNR; the weight is min(snr, 5)/(snr + 1), not below 0.25 where there is more noise than signal."""
    low, high = NOISE_SCHEDULE["beta_start"] ** 0.5, NOISE_SCHEDULE["beta_end"] ** 0.5
    betas = rescale_zero_terminal_snr(torch.linspace(low, high, 1000, dtype=torch.float32) ** 2)
    kept = torch.cumprod(1 - betas, 0).clamp(0, 1)
    snr = kept / (1 - kept)
    weight = snr.clamp(max=5) / (snr + 1)
    return Schedule(kept.sqrt(), (1 - kept).sqrt(), torch.where(snr < 1, weight.clamp(min=0.25), weight))


def train(folder: Path, minutes: float, seed: int = 0) -> None:
    """Train until the clock says so; goes on where an interrupted run was."""
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    torch.multiprocessing.spawn(_run, args=(folder, minutes, seed), nprocs=PROCESSES)


def _run(rank: int, folder: Path, minutes: float, seed: int) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=PROCESSES)
    latents = np.load(folder / "latents.npy", mmap_mode="r")
    ids = torch.from_numpy(np.load(folder / "ids.npy").astype(np.int64))
    plain = torch.from_numpy(np.load(folder / "plain.npy"))
    torch.manual_seed(seed)
    model = Denoiser()
    average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.01)
    state = {"step": 0, "elapsed": 0.0}
    path = folder / "diffusion.pt"
    if path.exists():
        stored = torch.load(path, weights_only=True)
        model.load_state_dict(stored["model"])
        optimiser.load_state_dict(stored["optimiser"])
        average, state = stored["average"], stored["state"]
    generator = torch.Generator().manual_seed(seed + 7919 * (rank + 1) + state["step"])
    injector = VectorInjector(model.encoder)
    schedule = noise_schedule()
    started, saved, losses = time.monotonic() - state["elapsed"], time.monotonic(), []
    while True:
        elapsed = torch.tensor([time.monotonic() - started])
        dist.broadcast(elapsed, 0)  # one clock for both, or they would end apart
        part = float(elapsed) / (minutes * 60)
        if part >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, (state["step"] + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * part))
        chosen = torch.randint(len(ids), (BATCH,), generator=generator)
        x0 = torch.from_numpy(np.stack([latents[i] for i in chosen.tolist()]).astype(np.float32))
        losses.append(_step(model, injector, schedule, x0, ids[chosen], plain[chosen], generator, optimiser))
        state["step"] += 1
        decay = min(EMA, (1 + state["step"]) / (10 + state["step"]))
        for name, tensor in model.state_dict().items():
            if tensor.dtype.is_floating_point:
                average[name].lerp_(tensor.detach(), 1 - decay)
        if rank == 0 and state["step"] % 50 == 0:
            log.info("step %d, %.0f %% of the time, loss %.4f", state["step"], 100 * part, np.mean(losses[-50:]))
        if rank == 0 and time.monotonic() - saved > SAVE_INTERVAL:
            state["elapsed"], saved = float(elapsed), time.monotonic()
            _save(path, model, average, optimiser, state)
    if rank == 0:
        state["elapsed"] = float(elapsed)
        _save(path, model, average, optimiser, state)
    dist.destroy_process_group()


def _step(
    model: Denoiser,
    injector: VectorInjector,
    schedule: Schedule,
    x0: torch.Tensor,
    ids: torch.Tensor,
    plain: torch.Tensor,
    generator: torch.Generator,
    optimiser: torch.optim.Optimizer,
) -> float:
    batch = len(x0)
    noise = torch.randn(x0.shape, generator=generator)
    # stratified: every batch sees the whole range of noise
    steps = ((torch.arange(batch) + torch.rand(batch, generator=generator)) / batch * 1000).long()
    signal, spread = (tensor[steps].view(-1, 1, 1, 1) for tensor in (schedule.signal, schedule.noise))
    target = signal * noise - spread * x0
    ids, placements = _with_noise_vectors(model, ids, plain, generator)
    with torch.autocast("cpu", torch.bfloat16):
        with injector.placing(placements):
            states = model.encoder(ids).last_hidden_state
        predicted = model.unet(signal * x0 + spread * noise, steps, states).sample
    errors = (predicted.float() - target).pow(2).mean(dim=(1, 2, 3))
    loss = (errors * schedule.weight[steps]).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    flat = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    dist.all_reduce(flat)
    flat /= PROCESSES
    flat *= min(1.0, 1.0 / (float(flat.norm()) + 1e-6))
    offset = 0
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.copy_(flat[offset : offset + parameter.numel()].view_as(parameter))
            offset += parameter.numel()
    optimiser.step()
    return float(errors.mean())


def _with_noise_vectors(
    model: Denoiser, ids: torch.Tensor, plain: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, list[list[Placement]]]:
    """Put random vectors, as long as the vocabulary's, in front of some plain captions."""
    table = model.encoder.get_input_embeddings().weight.detach()
    usual = float(table.norm(dim=1).median())
    ids = ids.clone()
    placements: list[list[Placement]] = []
    for row in range(len(ids)):
        if not plain[row] or float(torch.rand(1, generator=generator)) > NOISE_VECTORS_SHARE:
            placements.append([])
            continue
        count = int(torch.randint(1, MAX_NOISE_VECTORS + 1, (1,), generator=generator))
        ids[row, 1 + count :] = ids[row, 1 : ids.shape[1] - count].clone()
        vectors = torch.randn(count, WIDTH, generator=generator)
        lengths = usual * (0.7 + 0.8 * torch.rand(count, 1, generator=generator))
        placements.append([Placement(1, vectors / vectors.norm(dim=1, keepdim=True) * lengths)])
    return ids, placements


def _save(path: Path, model: nn.Module, average: dict[str, Any], optimiser: Any, state: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".new")
    torch.save(
        {"model": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(), "state": state},
        unfinished,
    )
    unfinished.replace(path)
