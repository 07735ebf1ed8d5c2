"""Read checkpoints: the pipeline, and its text encoders with the injection hook."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, Installation
from services.checkpoints.hashes import hash_weights
from services.engine.conditioning import Conditioner
from services.engine.guidance import PerSampleGuidance
from services.engine.memory import is_out_of_memory, release


class CheckpointBroken(Exception):
    """The weights cannot be loaded; says what is wrong with them."""


class CheckpointTooLarge(Exception):
    """The weights do not fit into memory, with nothing else of ours in it."""


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

    def get(self, checkpoint: Checkpoint, installation: Installation) -> LoadedCheckpoint:
        """The checkpoint, read from where it is installed unless it is in memory.

        Raises: CheckpointBroken; CheckpointTooLarge, after all others were given up.
        """
        loaded = self._loaded.get(checkpoint.id)
        if loaded is None:
            while len(self._loaded) >= self._capacity:
                self._give_up_one()
            loaded = self._loaded[checkpoint.id] = self._load(checkpoint, installation)
        self._loaded.move_to_end(checkpoint.id)
        return loaded

    def _load(self, checkpoint: Checkpoint, installation: Installation) -> LoadedCheckpoint:
        while True:
            try:
                return load_checkpoint(checkpoint, installation, self.device)
            except CheckpointTooLarge:
                if not self._loaded:
                    raise
            self._give_up_one()

    def _give_up_one(self) -> None:
        self._loaded.popitem(last=False)
        release()


def load_checkpoint(checkpoint: Checkpoint, installation: Installation, device: torch.device) -> LoadedCheckpoint:
    """Read a folder in diffusers' layout or a single .safetensors file; never a pickle, never the network.

    Raises: CheckpointBroken; CheckpointTooLarge, with what was read of it given up.
    """
    try:
        pipe = _read_pipeline(checkpoint, installation, device)
        pipe.to(device)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error) or type(error).__name__
    else:
        pipe.set_progress_bar_config(disable=True)
        _describe_scheduler(pipe, _scheduling(checkpoint))
        conditioner = Conditioner(checkpoint.architecture, pipe)
        return LoadedCheckpoint(checkpoint, pipe, conditioner, hash_weights(installation.weights))
    # outside of the except block, whose traceback keeps alive what was read
    pipe = None
    release()
    raise CheckpointTooLarge(f"{checkpoint.title} does not fit into memory: {reason}")


def dtype_on(device: torch.device) -> torch.dtype:
    """What weights are loaded as: halves where the hardware calculates with them."""
    return torch.float16 if device.type == "cuda" else torch.float32


def _read_pipeline(checkpoint: Checkpoint, installation: Installation, device: torch.device) -> Any:
    kind: Any = _StableDiffusionXL if checkpoint.architecture is Architecture.SDXL else _StableDiffusion
    dtype = dtype_on(device)
    extras = {} if kind is _StableDiffusionXL else {"safety_checker": None, "requires_safety_checker": False}
    options = {"dtype": dtype, "local_files_only": True} | extras
    weights, configuration = installation.weights, str(installation.configuration)
    try:
        if weights.is_file():
            pipe = kind.from_single_file(str(weights), config=configuration, **options)
        else:
            pipe = kind.from_pretrained(weights, use_safetensors=True, **options)
    except Exception as error:  # diffusers raises whatever its parts raise
        if is_out_of_memory(error):
            raise
        raise CheckpointBroken(f"The weights of {checkpoint.title} cannot be loaded: {error}") from error
    _check_widths(checkpoint, pipe)
    return pipe


def _scheduling(checkpoint: Checkpoint) -> dict[str, Any]:
    """What the description says of the scheduler; it goes before the scheduler's own file."""
    changes: dict[str, Any] = {"prediction_type": checkpoint.prediction} if checkpoint.prediction else {}
    if checkpoint.zero_terminal_snr:
        changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return changes


def _describe_scheduler(pipe: Any, changes: dict[str, Any]) -> None:
    pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, **changes)
    # Its kind drops what it does not know, as PNDM, which SD 1.5 ships with, does zero terminal SNR; our samplers' kinds know it.
    pipe.scheduler.register_to_config(**changes)


def _check_widths(checkpoint: Checkpoint, pipe: Any) -> None:
    facts = checkpoint.architecture.facts
    for (_, part), width in zip(facts.parts, facts.encoders.values(), strict=True):
        found = getattr(pipe, part).config.hidden_size
        if found != width:
            raise CheckpointBroken(
                f"{checkpoint.title} is described as {facts.title}, whose {part} is {width} wide; this one is {found}."
            )
