"""How much memory a loaded checkpoint takes, computed from its files' headers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from services.checkpoints.installation import Installation
from services.checkpoints.validation import INDEX, loaded_parts, read_header
from services.checkpoints.weights import weight_files


def weights_memory(installation: Installation, bytes_per_value: int) -> int:
    """Bytes that the loaded weights take, at 2 or 4 bytes per value no matter how they're stored.

    Rendering takes more, depending on the size and number of the pictures.
    """
    return sum(_count_values(path) for path in _weight_files(installation.weights)) * bytes_per_value


def _weight_files(weights: Path) -> Iterator[Path]:
    if weights.is_file():
        yield weights
        return
    for part in loaded_parts(json.loads((weights / INDEX).read_text(encoding="utf-8"))):
        yield from weight_files(weights, part)


def _count_values(path: Path) -> int:
    """The number of floating-point values; integers are only counters and masks."""
    _, tensors = read_header(path)
    return sum(
        math.prod(entry["shape"])
        for name, entry in tensors.items()
        if name != "__metadata__" and entry["dtype"].startswith(("F", "BF"))
    )
