"""Load checkpoints: the pipeline, and the conditioner that hooks its text encoders."""

# diffusers exports its classes lazily, which pyright takes for private imports
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, Installation
from services.checkpoints.hashes import hash_weights
from services.checkpoints.weights import variant_of
from services.engine.conditioning import Conditioner
from services.engine.guidance import PerSampleGuidance
from services.engine.memory import empty_cache, is_out_of_memory


class CheckpointBroken(Exception):
    """The weights can't be loaded; the message says what's wrong with them."""


class CheckpointTooLarge(Exception):
    """The weights don't fit into memory, even with no other checkpoint loaded."""


class _StableDiffusion(PerSampleGuidance, StableDiffusionPipeline):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Stable Diffusion 1 and 2, and the demo."""


class _StableDiffusionXL(PerSampleGuidance, StableDiffusionXLPipeline):  # pyright: ignore[reportIncompatibleMethodOverride]
    """Stable Diffusion XL."""


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A checkpoint in memory, ready to render."""

    checkpoint: Checkpoint
    pipe: Any  # a diffusers pipeline with per-sample guidance; diffusers' own annotations are wrong in places
    conditioner: Conditioner
    model_hash: str


class CheckpointCache:
    """The checkpoints in memory; the least recently used is evicted first."""

    def __init__(self, device: torch.device, capacity: int = 1) -> None:
        self.device = device
        self._capacity = capacity
        self._loaded: OrderedDict[str, LoadedCheckpoint] = OrderedDict()

    def __contains__(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.id in self._loaded

    def get(self, checkpoint: Checkpoint, installation: Installation) -> LoadedCheckpoint:
        """Return the checkpoint, loading it if it isn't in memory.

        Raises: CheckpointBroken; CheckpointTooLarge, once all the others have been evicted.
        """
        loaded = self._loaded.get(checkpoint.id)
        if loaded is None:
            while len(self._loaded) >= self._capacity:
                self._evict_one()
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
            self._evict_one()

    def _evict_one(self) -> None:
        self._loaded.popitem(last=False)
        empty_cache()


def load_checkpoint(checkpoint: Checkpoint, installation: Installation, device: torch.device) -> LoadedCheckpoint:
    """Load a folder in diffusers' layout or a single .safetensors file; never a pickle, never over the network.

    Raises: CheckpointBroken; CheckpointTooLarge, with the memory it took freed again.
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
        # one picture at a time: a whole SDXL batch takes more memory to decode than to denoise, and isn't decoded faster
        pipe.vae.enable_slicing()
        _configure_scheduler(pipe, _scheduler_settings(checkpoint))
        conditioner = Conditioner(checkpoint.architecture, pipe)
        return LoadedCheckpoint(checkpoint, pipe, conditioner, hash_weights(installation.weights))
    # after the except block, since its traceback keeps the loaded weights alive
    pipe = None
    empty_cache()
    raise CheckpointTooLarge(f"{checkpoint.title} doesn't fit into memory: {reason}")


def dtype_on(device: torch.device) -> torch.dtype:
    """The precision that weights are loaded in: half precision where the hardware computes in it."""
    return torch.float16 if device.type == "cuda" else torch.float32


def _read_pipeline(checkpoint: Checkpoint, installation: Installation, device: torch.device) -> Any:
    kind, options = _pipeline_class(checkpoint.architecture)
    options |= {"dtype": dtype_on(device), "local_files_only": True}
    weights, configuration = installation.weights, str(installation.configuration)
    try:
        if weights.is_file():
            pipe = kind.from_single_file(str(weights), config=configuration, **options)
        else:
            pipe = kind.from_pretrained(weights, use_safetensors=True, variant=variant_of(weights), **options)
    except Exception as error:  # diffusers lets through whatever its dependencies raise
        if is_out_of_memory(error):
            raise
        raise CheckpointBroken(f"The weights of {checkpoint.title} can't be loaded: {error}") from error
    _check_widths(checkpoint, pipe)
    return pipe


def _pipeline_class(architecture: Architecture) -> tuple[Any, dict[str, Any]]:
    """The pipeline, and the options that only it has."""
    if architecture is Architecture.SDXL:
        return _StableDiffusionXL, {}
    return _StableDiffusion, {"safety_checker": None, "requires_safety_checker": False}


def _scheduler_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """The scheduler settings in the checkpoint's entry; they override the scheduler's own file."""
    changes: dict[str, Any] = {"prediction_type": checkpoint.prediction} if checkpoint.prediction else {}
    if checkpoint.zero_terminal_snr:
        changes |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return changes


def _configure_scheduler(pipe: Any, changes: dict[str, Any]) -> None:
    scheduler = pipe.scheduler.from_config(pipe.scheduler.config, **changes)
    # A scheduler class drops settings that it doesn't have: PNDM, which SD 1.5 ships with, has no zero terminal SNR. The
    # classes of our samplers do, and they read this config.
    scheduler.register_to_config(**changes)
    pipe.scheduler = scheduler


def _check_widths(checkpoint: Checkpoint, pipe: Any) -> None:
    facts = checkpoint.architecture.facts
    for (_, part), width in zip(facts.parts, facts.encoders.values(), strict=True):
        found = getattr(pipe, part).config.hidden_size
        if found != width:
            raise CheckpointBroken(
                f"{checkpoint.title} is listed as {facts.title}, whose {part} has width {width}; here it has {found}. "
                "Correct `architecture` in its entry."
            )
