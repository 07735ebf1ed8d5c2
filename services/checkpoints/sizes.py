"""Sizes of pictures that a checkpoint takes."""

from __future__ import annotations

from services.checkpoints.entry import Checkpoint


def half_as_large(checkpoint: Checkpoint, width: int, height: int) -> tuple[int, int] | None:
    """The largest size of this aspect, as near as the sides' steps allow, with at most half the pixels; None without one."""
    long, short = max(width, height), min(width, height)
    for larger in range(long, checkpoint.min_side - 1, -checkpoint.multiple):
        smaller = round(larger * short / long / checkpoint.multiple) * checkpoint.multiple
        if smaller < checkpoint.min_side:
            return None
        if 2 * larger * smaller <= width * height:
            return (larger, smaller) if width >= height else (smaller, larger)
    return None
