"""Read the size of a picture as people write it: `512x768`, a ratio such as `2:3`, or `portrait`."""

from __future__ import annotations

import math
import re

from services.checkpoints import Checkpoint
from services.errors import UserError
from services.remedies import Remedy
from services.text import shorten

_SIZE = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*", re.IGNORECASE)
_RATIO = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3})?)\s*[:/]\s*(\d{1,3}(?:\.\d{1,3})?)\s*")
#: longer pictures aren't of anything that a model has seen
_MAX_RATIO = 4.0


def parse_size(typed: str | None, checkpoint: Checkpoint) -> tuple[int, int]:
    """Width and height in the model's pixels.

    Raises: UserError, naming the nearest size that the model takes.
    """
    if typed is None:
        return checkpoint.width, checkpoint.height
    if (named := named_sizes(checkpoint).get(typed.strip().casefold())) is not None:
        return named
    if (ratio := _RATIO.fullmatch(typed)) and float(ratio[1]) and float(ratio[2]):
        return _of_ratio(float(ratio[1]) / float(ratio[2]), checkpoint)
    match = _SIZE.fullmatch(typed)
    if match is None:
        raise UserError(
            f"Write the size as width x height, for example {checkpoint.size}, or as 2:3, square, portrait or landscape; "
            f"you gave '{shorten(typed)}'.",
            Remedy(f"Draw {checkpoint.size}", {"size": checkpoint.size}),
        )
    width, height = int(match[1]), int(match[2])
    nearest = tuple(_nearest_side(side, checkpoint) for side in (width, height))
    if nearest != (width, height):
        raise UserError(
            f"{checkpoint.title} takes sides from {checkpoint.min_side} to {checkpoint.max_side} pixels in steps of "
            f"{checkpoint.multiple}; instead of {width}x{height} try {nearest[0]}x{nearest[1]}.",
            Remedy(f"Draw {nearest[0]}x{nearest[1]}", {"size": f"{nearest[0]}x{nearest[1]}"}),
        )
    return width, height


def named_sizes(checkpoint: Checkpoint) -> dict[str, tuple[int, int]]:
    """Square, portrait and landscape, in pixels that the model takes; names for the same size are all there."""
    width, height, multiple = checkpoint.width, checkpoint.height, checkpoint.multiple
    long_side = min(checkpoint.max_side, width * 3 // 2 // multiple * multiple)
    return {"square": (width, height), "portrait": (width, long_side), "landscape": (long_side, height)}


def _of_ratio(ratio: float, checkpoint: Checkpoint) -> tuple[int, int]:
    """Sides of about this ratio with about the pixels that the model was made for."""
    if not 1 / _MAX_RATIO <= ratio <= _MAX_RATIO:
        raise UserError(f"A picture can be at most {_MAX_RATIO:g} times as long as it is wide, or the other way round.")
    area = checkpoint.width * checkpoint.height
    width, height = math.sqrt(area * ratio), math.sqrt(area / ratio)
    return _nearest_side(round(width), checkpoint), _nearest_side(round(height), checkpoint)


def _nearest_side(side: int, checkpoint: Checkpoint) -> int:
    limited = min(max(side, checkpoint.min_side), checkpoint.max_side)
    return round(limited / checkpoint.multiple) * checkpoint.multiple
