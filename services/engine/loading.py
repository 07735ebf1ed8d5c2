"""Read checkpoints: the pipeline, its text encoders with the injection hook, and the hash that names the weights."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint
from services.engine.conditioning import Conditioner
from services.engine.guidance import PerSampleGuidance

#: A1111 names a model by the first ten hex digits of its file's SHA-256
MODEL_HASH_DIGITS = 10


class CheckpointBroken(Exception):
    """The weights cannot be loaded; says what is wrong with them."""


class _StableDiffusion(PerSampleGuidance, StableDiffusionPipeline):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Stable Diffusion 1 and 2, and the demo."""


class _StableDiffusionXL(PerSampleGuidance, StableDiffusionXLPipeline):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Stable Diffusion XL."""


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A checkpoint in memory, ready to render."""

    checkpoint: Checkpoint
    pipe: Any  # a pipeline of diffusers with per-sample guidance; its own annotations are not to be relied on
    conditioner: Conditioner
    model_hash: str


class Resident:
    """The checkpoints in memory, the least recently used of them given up first."""

    def __init__(self, device: torch.device, capacity: int = 1) -> None:
        self.device = device
        self._capacity = capacity
        self._loaded: OrderedDict[str, LoadedCheckpoint] = OrderedDict()

    def __contains__(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.id in self._loaded

    def get(self, checkpoint: Checkpoint, location: Path) -> LoadedCheckpoint:
        """The checkpoint, read from `location` unless it is in memory.

        Raises: CheckpointBroken.
        """
        loaded = self._loaded.get(checkpoint.id)
        if loaded is None:
            while len(self._loaded) >= self._capacity:
                self._loaded.popitem(last=False)
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
            loaded = self._loaded[checkpoint.id] = load_checkpoint(checkpoint, location, self.device)
        self._loaded.move_to_end(checkpoint.id)
        return loaded


def load_checkpoint(checkpoint: Checkpoint, location: Path, device: torch.device) -> LoadedCheckpoint:
    """Read a folder in diffusers' layout or a single .safetensors file; never a pickle, never the network.

    Raises: CheckpointBroken.
    """
    kind: Any = _StableDiffusionXL if checkpoint.architecture is Architecture.SDXL else _StableDiffusion
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    extras = {} if kind is _StableDiffusionXL else {"safety_checker": None, "requires_safety_checker": False}
    try:
        if location.is_file():
            pipe = kind.from_single_file(str(location), dtype=dtype, local_files_only=True, **extras)
        else:
            pipe = kind.from_pretrained(location, dtype=dtype, local_files_only=True, use_safetensors=True, **extras)
        _check_widths(checkpoint, pipe)
    except CheckpointBroken:
        raise
    except Exception as error:  # diffusers raises whatever its parts raise
        raise CheckpointBroken(f"The weights of {checkpoint.title} cannot be loaded: {error}") from error
    pipe.set_progress_bar_config(disable=True)
    pipe.to(device)
    scheduler = {"prediction_type": checkpoint.prediction} if checkpoint.prediction else {}
    if checkpoint.zero_terminal_snr:
        scheduler |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, **scheduler)
    return LoadedCheckpoint(checkpoint, pipe, Conditioner(checkpoint.architecture, pipe), hash_weights(location))


def hash_weights(location: Path) -> str:
    """The hash that the pictures' metadata name the model by: of the file, or of a folder's UNet."""
    weights = location if location.is_file() else next(iter(sorted((location / "unet").glob("*.safetensors"))))
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:MODEL_HASH_DIGITS]


def _check_widths(checkpoint: Checkpoint, pipe: Any) -> None:
    facts = checkpoint.architecture.facts
    for (_, part), width in zip(facts.parts, facts.encoders.values(), strict=True):
        found = getattr(pipe, part).config.hidden_size
        if found != width:
            raise CheckpointBroken(
                f"{checkpoint.title} is described as {facts.title}, whose {part} is {width} wide; this one is {found}."
            )
