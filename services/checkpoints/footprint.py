"""What a checkpoint takes of a device's memory while it is resident, read from the headers of its files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from services.checkpoints.installation import Installation
from services.checkpoints.soundness import INDEX, header, parts_of

#: other precisions, or other averages, of weights that are read without them
_VARIANTS = {"fp16", "bf16", "fp32", "non_ema", "ema"}


def memory_of(installation: Installation, bytes_per_value: int) -> int:
    """Bytes of the weights once they are loaded, 2 or 4 for each value whatever they are stored as.

    What rendering takes beside them depends on the size and number of pictures.
    """
    return sum(_values(path) for path in _files(installation.weights)) * bytes_per_value


def _files(weights: Path) -> Iterator[Path]:
    if weights.is_file():
        yield weights
        return
    for part in parts_of(json.loads((weights / INDEX).read_text(encoding="utf-8"))):
        for path in sorted((weights / part).glob("*.safetensors")):
            if not _VARIANTS & set(path.name.split(".")[1:]):
                yield path


def _values(path: Path) -> int:
    """How many numbers with a fraction the file holds; the others are counters and masks."""
    _, tensors = header(path)
    return sum(
        math.prod(entry["shape"])
        for name, entry in tensors.items()
        if name != "__metadata__" and entry["dtype"].startswith(("F", "BF"))
    )
