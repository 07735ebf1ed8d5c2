"""Find out, without loading anything, whether a checkpoint's files are whole: interrupted downloads are common.

Reads headers alone. That the weights also fit their description shows when they are loaded.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: of a safetensors header in bytes; the format's own limit
_MAX_HEADER = 100_000_000
INDEX = "model_index.json"
#: parts that are never loaded, and not fetched either
_UNUSED = frozenset({"safety_checker"})
#: what begins the names of a single file's tensors: one of each row is there
_PARTS = {
    "UNet": ("model.diffusion_model.",),
    "VAE": ("first_stage_model.", "vae."),
    "text encoder": ("cond_stage_model.", "conditioner.embedders."),
}


def what_is_broken(location: Path) -> str | None:
    """One sentence about the first file that cannot be used, or None. `location` is a folder or a single file."""
    if location.is_file():
        return _broken_weights(location) or _missing_part(location)
    try:
        index = json.loads((location / INDEX).read_text(encoding="utf-8"))
        parts = parts_of(index)
    except (OSError, ValueError, AttributeError, IndexError) as error:
        return f"{INDEX} cannot be read: {error}"
    for part in parts:
        folder = location / part
        if not folder.is_dir():
            return f"the folder {part} is missing"
        if (broken := _first_broken(folder.glob("*.safetensors"))) is not None:
            return f"{part}/{broken}"
    return None


def parts_of(index: dict[str, Any]) -> list[str]:
    """The folders that a model's index names and that are loaded."""
    named = [name for name, kind in index.items() if isinstance(kind, list) and kind[0] is not None]
    return [name for name in named if name not in _UNUSED]


def _first_broken(files: Iterable[Path]) -> str | None:
    return next((problem for path in sorted(files) if (problem := _broken_weights(path)) is not None), None)


def _broken_weights(path: Path) -> str | None:
    size = path.stat().st_size
    try:
        length, tensors = header(path)
        end = max(entry["data_offsets"][1] for name, entry in tensors.items() if name != "__metadata__")
    except (OSError, ValueError, struct.error, AttributeError, KeyError, TypeError, IndexError):
        return f"{path.name} is no safetensors file, or was cut off"
    if size != 8 + length + end:
        return f"{path.name} has {size:,} bytes where its header says {8 + length + end:,}: fetch it again"
    return None


def _missing_part(path: Path) -> str | None:
    """Files that lack a part would be completed, unasked, from whatever their configuration lies beside."""
    _, tensors = header(path)
    missing = [part for part, prefixes in _PARTS.items() if not any(name.startswith(prefixes) for name in tensors)]
    return f"{path.name} has no {' and no '.join(missing)}, so it is no whole model" if missing else None


def header(path: Path) -> tuple[int, dict[str, Any]]:
    """The header's length, and what it says of each tensor.

    Raises: ValueError, struct.error, OSError.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(_MAX_HEADER, path.stat().st_size):
            raise ValueError("the header would be longer than the file")
        return length, json.loads(file.read(length))
