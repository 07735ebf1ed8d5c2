"""Train the UNet and the text encoder together, by the clock, on two processes of one thread each.

Two OpenMP threads collapse when anything else runs on the machine; two processes that average their gradients do not.
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
BATCH = 48  # of each process
LEARNING_RATE = 1e-3
FURTHER_LEARNING_RATE = 5e-4  # from weights that are trained already
WARMUP = 60  # steps
EMA = 0.998
SAVE_INTERVAL = 120.0  # seconds
_LOG_INTERVAL = 50  # steps


class Denoiser(nn.Module):
    """UNet and text encoder as one module, so that one optimiser and one average serve both."""

    def __init__(self) -> None:
        super().__init__()
        self.unet: Any = build_unet()
        self.encoder: Any = build_text_encoder(build_tokenizer())

    def load(self, checkpoint: Path) -> None:
        """Take the weights of a saved pipeline.

        Raises: ValueError, if its words are numbered in another way.
        """
        if CLIPTokenizer.from_pretrained(checkpoint / "tokenizer").get_vocab() != build_tokenizer().get_vocab():
            raise ValueError(
                f"the tokenizer of {checkpoint} numbers its words in another way; its weights are of no use here"
            )
        self.unet.load_state_dict(UNet2DConditionModel.from_pretrained(checkpoint, subfolder="unet").state_dict())
        encoder = CLIPTextModel.from_pretrained(checkpoint, subfolder="text_encoder", dtype=torch.float32)
        self.encoder.load_state_dict(encoder.state_dict())


def train(folder: Path, minutes: float, seed: int = 0, processes: int = PROCESSES, start: Path | None = None) -> None:
    """Train until the clock says so; goes on where an interrupted run was. Leaves diffusion.pt in `folder`.

    A new run begins with the weights of the checkpoint `start`, else with random ones.
    """
    if processes == 1:
        _train_by_the_clock(_Trainer(folder, seed, start=start), minutes)
        return
    meeting = (folder / "processes").absolute()
    meeting.unlink(missing_ok=True)  # of a run that was killed
    torch.multiprocessing.spawn(_run, args=(folder, minutes, seed, processes, start, meeting), nprocs=processes)


def _run(rank: int, folder: Path, minutes: float, seed: int, processes: int, start: Path | None, meeting: Path) -> None:
    log_to(folder)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes)
    try:
        _train_by_the_clock(_Trainer(folder, seed, rank, processes, start), minutes)
    finally:
        dist.destroy_process_group()


def _train_by_the_clock(trainer: _Trainer, minutes: float) -> None:
    interval = min(SAVE_INTERVAL, minutes * 60 / 10)
    started, saved = time.monotonic() - trainer.elapsed, time.monotonic()
    losses: list[float] = []
    while True:
        trainer.elapsed = trainer.agreed(time.monotonic() - started)  # or the processes would end apart
        part = trainer.elapsed / (minutes * 60)
        if part >= 1:
            break
        losses.append(trainer.step(part))
        if trainer.leads and trainer.steps % _LOG_INTERVAL == 0:
            recent = np.mean(losses[-_LOG_INTERVAL:])
            log.info("diffusion: step %d, %.0f %% of the time, loss %.4f", trainer.steps, 100 * part, recent)
        if trainer.leads and time.monotonic() - saved > interval:
            saved = time.monotonic()
            trainer.save()
    if trainer.leads:
        trainer.save()


class _Trainer:
    """One process of the training: its share of every batch, and the same weights as the others'."""

    def __init__(self, folder: Path, seed: int, rank: int = 0, processes: int = 1, start: Path | None = None) -> None:
        self._path = folder / "diffusion.pt"
        self._processes = processes
        self.leads = rank == 0
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

    def agreed(self, seconds: float) -> float:
        """The leading process's clock."""
        if self._processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        dist.broadcast(clock, 0)
        return float(clock)

    def step(self, part: float) -> float:
        """One step at a learning rate for `part` of the time, 0 to 1; the mean squared error of the prediction."""
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
        self._share_gradients()
        self._optimiser.step()
        self.steps += 1
        self._update_average()
        return float(errors.detach().mean())

    def _share_gradients(self) -> None:
        """Average the gradients over the processes and clip their norm to 1."""
        gradients = [parameter.grad for parameter in self._model.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        if self._processes > 1:
            dist.all_reduce(flat)
            flat /= self._processes
        flat *= min(1.0, 1.0 / (float(flat.norm()) + 1e-6))
        for gradient, part in zip(gradients, flat.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def _update_average(self) -> None:
        decay = min(EMA, (1 + self.steps) / (10 + self.steps))
        for name, tensor in self._model.state_dict().items():
            if tensor.dtype.is_floating_point:
                self._average[name].lerp_(tensor.detach(), 1 - decay)

    def save(self) -> None:
        unfinished = self._path.with_suffix(".new")
        state = {
            "model": self._model.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "state": {"step": self.steps, "elapsed": self.elapsed},
        }
        torch.save(state, unfinished)
        unfinished.replace(self._path)

    def _restore(self) -> None:
        stored = torch.load(self._path, weights_only=True)
        self._model.load_state_dict(stored["model"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self._average = stored["average"]
        self.steps, self.elapsed = stored["state"]["step"], stored["state"]["elapsed"]
