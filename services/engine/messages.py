"""What crosses the pipe between the bot and the engine's process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.checkpoints import Checkpoint
from services.parameters import GenerationParameters


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Plans that share one denoising loop, all of one checkpoint."""

    checkpoint: Checkpoint
    location: Path
    plans: tuple[GenerationParameters, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has imported torch and waits for work."""

    device: str


@dataclass(frozen=True, slots=True)
class Loading:
    """A checkpoint is being read; that may take minutes."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Denoising steps done, of all plans at once."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """PNG files, for each plan in the order of its seeds."""

    pictures: tuple[tuple[bytes, ...], ...]
    #: of denoising and decoding, without loading the checkpoint
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The request could not be rendered; the child lives on."""

    reason: str
    out_of_memory: bool = False
    #: the weights themselves are broken, so asking again is no use
    checkpoint_broken: bool = False


Reply = Ready | Loading | Progress | Rendered | Failed
