"""The messages on the pipe between the bot and the engine's process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from services.checkpoints import Checkpoint, Installation
from services.parameters import GenerationParameters


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Plans for one checkpoint that share a denoising loop. Without plans, the checkpoint is only loaded."""

    checkpoint: Checkpoint
    installation: Installation
    plans: tuple[GenerationParameters, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has imported torch and is waiting for requests."""

    device: str
    #: per value of the weights, in the precision used on this device
    bytes_per_value: int
    #: the device's memory in bytes
    memory: int


@dataclass(frozen=True, slots=True)
class Loading:
    """A checkpoint is being loaded, which may take minutes."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Denoising steps finished; all plans of a request advance together."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """PNG files for each plan, in the order of their seeds."""

    pictures: tuple[tuple[bytes, ...], ...]
    #: for denoising and decoding, without loading the checkpoint
    seconds: float
    #: for each picture how likely it is not safe for work, from 0 to 1; empty for plans without scores
    scores: tuple[tuple[float, ...], ...] = ()
    #: of the device, in bytes; None where that says nothing
    free_memory: int | None = None


class Cause(Enum):
    """Why a request failed, where the bot's reaction depends on it."""

    UNKNOWN = auto()
    #: not even one picture of this size fits into memory
    PICTURE_TOO_LARGE = auto()
    #: the weights don't fit into memory; they may later, once other programs use less of it
    MODEL_TOO_LARGE = auto()
    #: the weights themselves are broken, so trying again is pointless
    CHECKPOINT_BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed; the child keeps running."""

    reason: str
    cause: Cause = Cause.UNKNOWN


Reply = Ready | Loading | Progress | Rendered | Failed
