"""Train the UNet and the text encoder together for a given time, in two processes with one thread each.

Two OpenMP threads become very slow when anything else runs on the machine; two processes that average their gradients don't.
"""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from demo.models import build_text_encoder, build_unet
from demo.noise import noise_schedule, with_noise_vectors
from demo.progress import log_to
from demo.tokenizer import build_tokenizer
from embeddings.injection import VectorInjector

log = logging.getLogger(__name__)

PROCESSES = 2
BATCH = 48  # per process
LEARNING_RATE = 1e-3
FURTHER_LEARNING_RATE = 5e-4  # when starting from trained weights
WARMUP = 60  # steps
EMA = 0.998
SAVE_INTERVAL = 120.0  # seconds
_LOG_INTERVAL = 50  # steps


class Denoiser(nn.Module):
    """The UNet and the text encoder as one module, so that they share an optimiser and a moving average."""

    def __init__(self) -> None:
        super().__init__()
        self.unet: Any = build_unet()
        self.encoder: Any = build_text_encoder(build_tokenizer())

    def load(self, checkpoint: Path) -> None:
        """Load the weights of a saved pipeline.

        Raises: ValueError if its tokenizer has other token ids.
        """
        if CLIPTokenizer.from_pretrained(checkpoint / "tokenizer").get_vocab() != build_tokenizer().get_vocab():
            raise ValueError(f"{checkpoint} has a tokenizer with other token ids; train from another checkpoint")
        self.unet.load_state_dict(UNet2DConditionModel.from_pretrained(checkpoint, subfolder="unet").state_dict())
        encoder = CLIPTextModel.from_pretrained(checkpoint, subfolder="text_encoder", dtype=torch.float32)
        self.encoder.load_state_dict(encoder.state_dict())


def train(folder: Path, minutes: float, seed: int = 0, processes: int = PROCESSES, start: Path | None = None) -> None:
    """Train for `minutes`, resuming an interrupted run; writes diffusion.pt into `folder`.

    A new run starts from the checkpoint `start`, or from random weights without it.
    """
    if processes == 1:
        _train_for(_Trainer(folder, seed, start=start), minutes)
        return
    rendezvous = (folder / "processes").absolute()
    rendezvous.unlink(missing_ok=True)  # left over if a run was killed
    torch.multiprocessing.spawn(_run, args=(folder, minutes, seed, processes, start, rendezvous), nprocs=processes)


def _run(
    rank: int, folder: Path, minutes: float, seed: int, processes: int, start: Path | None, rendezvous: Path
) -> None:
    log_to(folder)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=processes)
    try:
        _train_for(_Trainer(folder, seed, rank, processes, start), minutes)
    finally:
        dist.destroy_process_group()


def _train_for(trainer: _Trainer, minutes: float) -> None:
    interval = min(SAVE_INTERVAL, minutes * 60 / 10)
    started, saved = time.monotonic() - trainer.elapsed, time.monotonic()
    losses: list[float] = []
    while True:
        trainer.elapsed = trainer.synchronised(time.monotonic() - started)  # the processes must stop at the same step
        part = trainer.elapsed / (minutes * 60)
        if part >= 1:
            break
        losses.append(trainer.step(part))
        if trainer.is_main and trainer.steps % _LOG_INTERVAL == 0:
            recent = np.mean(losses[-_LOG_INTERVAL:])
            log.info("diffusion: step %d, %.0f %% of the time, loss %.4f", trainer.steps, 100 * part, recent)
        if trainer.is_main and time.monotonic() - saved > interval:
            saved = time.monotonic()
            trainer.save()
    if trainer.is_main:
        trainer.save()


class _Trainer:
    """One training process. It has a share of each batch, and the same weights as the other processes."""

    def __init__(self, folder: Path, seed: int, rank: int = 0, processes: int = 1, start: Path | None = None) -> None:
        self._path = folder / "diffusion.pt"
        self._processes = processes
        self.is_main = rank == 0
        self._latents = np.load(folder / "latents.npy", mmap_mode="r")
        self._ids = torch.from_numpy(np.load(folder / "ids.npy").astype(np.int64))
        self._plain = torch.from_numpy(np.load(folder / "plain.npy"))
        torch.manual_seed(seed)
        self._model = Denoiser()
        self._highest_rate = LEARNING_RATE if start is None else FURTHER_LEARNING_RATE
        if start is not None:
            self._model.load(start)
        self._average = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
        self._optimiser = torch.optim.AdamW(
            self._model.parameters(), lr=self._highest_rate, betas=(0.9, 0.99), weight_decay=0.01
        )
        self.steps, self.elapsed = 0, 0.0
        if self._path.exists():
            self._restore()
        self._generator = torch.Generator().manual_seed(seed + 7919 * (rank + 1) + self.steps)
        self._injector = VectorInjector(self._model.encoder)
        self._schedule = noise_schedule()

    def synchronised(self, seconds: float) -> float:
        """The main process's value, in every process."""
        if self._processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        dist.broadcast(clock, 0)
        return float(clock)

    def step(self, part: float) -> float:
        """Take one step, with the learning rate for `part` of the time from 0 to 1. Returns the mean squared error."""
        rate = self._highest_rate * min(1, (self.steps + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * part))
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        chosen = torch.randint(len(self._ids), (BATCH,), generator=self._generator)
        x0 = torch.from_numpy(np.stack([self._latents[i] for i in chosen.tolist()]).astype(np.float32))
        noised = self._schedule.apply(x0, self._generator)
        vocabulary = self._model.encoder.get_input_embeddings().weight.detach()
        ids, placements = with_noise_vectors(vocabulary, self._ids[chosen], self._plain[chosen], self._generator)
        with torch.autocast("cpu", torch.bfloat16):
            with self._injector.placing(placements):
                states = self._model.encoder(ids).last_hidden_state
            predicted = self._model.unet(noised.latents, noised.timesteps, states).sample
        errors = (predicted.float() - noised.target).pow(2).mean(dim=(1, 2, 3))
        self._optimiser.zero_grad(set_to_none=True)
        (errors * noised.weight).mean().backward()
        self._reduce_gradients()
        self._optimiser.step()
        self.steps += 1
        self._update_average()
        return float(errors.detach().mean())

    def _reduce_gradients(self) -> None:
        """Average the gradients over the processes, then clip their norm to 1."""
        gradients = [parameter.grad for parameter in self._model.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        if self._processes > 1:
            dist.all_reduce(flat)
            flat /= self._processes
        flat *= min(1.0, 1.0 / (float(flat.norm()) + 1e-6))
        for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def _update_average(self) -> None:
        decay = min(EMA, (1 + self.steps) / (10 + self.steps))
        for name, tensor in self._model.state_dict().items():
            if tensor.dtype.is_floating_point:
                self._average[name].lerp_(tensor.detach(), 1 - decay)

    def save(self) -> None:
        temporary = self._path.with_suffix(".new")
        state = {
            "model": self._model.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "state": {"step": self.steps, "elapsed": self.elapsed},
        }
        torch.save(state, temporary)
        temporary.replace(self._path)

    def _restore(self) -> None:
        stored = torch.load(self._path, weights_only=True)
        self._model.load_state_dict(stored["model"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self._average = stored["average"]
        self.steps, self.elapsed = stored["state"]["step"], stored["state"]["elapsed"]
