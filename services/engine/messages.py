"""What crosses the pipe between the bot and the engine's process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from services.checkpoints import Checkpoint, Installation
from services.parameters import GenerationParameters


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Plans that share one denoising loop, all of one checkpoint."""

    checkpoint: Checkpoint
    installation: Installation
    plans: tuple[GenerationParameters, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has imported torch and waits for work."""

    device: str
    #: bytes that each value of the weights takes there
    bytes_per_value: int
    #: bytes of memory that the device has
    memory: int


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


class Cause(Enum):
    """Why a request could not be rendered, as far as it matters to what is said and done about it."""

    UNKNOWN = auto()
    #: not even one picture of this size fits into memory
    PICTURE_TOO_LARGE = auto()
    #: the weights do not fit into memory; they may on a day when less else is in it
    MODEL_TOO_LARGE = auto()
    #: the weights themselves are broken, so asking again is no use
    CHECKPOINT_BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Failed:
    """The request could not be rendered; the child lives on."""

    reason: str
    cause: Cause = Cause.UNKNOWN


Reply = Ready | Loading | Progress | Rendered | Failed
