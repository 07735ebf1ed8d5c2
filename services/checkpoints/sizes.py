"""Picture sizes that a checkpoint supports."""

from __future__ import annotations

from services.checkpoints.entry import Checkpoint


def smaller_size(checkpoint: Checkpoint, width: int, height: int) -> tuple[int, int] | None:
    """The largest allowed size with at most half the pixels and about the same aspect ratio, or None."""
    long_side, short_side = max(width, height), min(width, height)
    for long in range(long_side, checkpoint.min_side - 1, -checkpoint.multiple):
        short = round(long * short_side / long_side / checkpoint.multiple) * checkpoint.multiple
        if short < checkpoint.min_side:
            return None
        if 2 * long * short <= width * height:
            return (long, short) if width >= height else (short, long)
    return None
