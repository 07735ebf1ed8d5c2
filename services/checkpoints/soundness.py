"""Find out, without loading anything, whether a checkpoint's files are whole: interrupted downloads are common.

Reads headers alone. That the weights also fit their description shows when they are loaded.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path

#: of a safetensors header in bytes; the format's own limit
_MAX_HEADER = 100_000_000
_INDEX = "model_index.json"


def what_is_broken(location: Path) -> str | None:
    """One sentence about the first file that cannot be used, or None. `location` is a folder or a single file."""
    if location.is_file():
        return _broken_weights(location)
    try:
        index = json.loads((location / _INDEX).read_text(encoding="utf-8"))
        parts = [name for name, kind in index.items() if isinstance(kind, list) and kind[0] is not None]
    except (OSError, ValueError, AttributeError, IndexError) as error:
        return f"{_INDEX} cannot be read: {error}"
    for part in parts:
        folder = location / part
        if not folder.is_dir():
            return f"the folder {part} is missing"
        if (broken := _first_broken(folder.glob("*.safetensors"))) is not None:
            return f"{part}/{broken}"
    return None


def _first_broken(files: Iterable[Path]) -> str | None:
    return next((problem for path in sorted(files) if (problem := _broken_weights(path)) is not None), None)


def _broken_weights(path: Path) -> str | None:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(_MAX_HEADER, size):
                return f"{path.name} is no safetensors file, or was cut off"
            tensors = json.loads(file.read(length))
        end = max(entry["data_offsets"][1] for name, entry in tensors.items() if name != "__metadata__")
    except (OSError, ValueError, struct.error, AttributeError, KeyError, TypeError, IndexError):
        return f"{path.name} is no safetensors file, or was cut off"
    if size != 8 + length + end:
        return f"{path.name} has {size:,} bytes where its header says {8 + length + end:,}: fetch it again"
    return None
