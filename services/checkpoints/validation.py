"""Check that a checkpoint's files are complete without loading them, since interrupted downloads are common.

Only reads headers. Whether the weights also match their entry only shows when they are loaded.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: the safetensors format's own limit, in bytes
_MAX_HEADER = 100_000_000
INDEX = "model_index.json"
#: parts that are neither downloaded nor loaded
UNUSED = frozenset({"safety_checker"})
#: in a single file, the names of each part's tensors begin with one of these prefixes
_PARTS = {
    "UNet": ("model.diffusion_model.",),
    "VAE": ("first_stage_model.", "vae."),
    "text encoder": ("cond_stage_model.", "conditioner.embedders."),
}


def find_damage(location: Path) -> str | None:
    """What's wrong with the first unusable file, as half a sentence, or None. `location` is a folder or a single file."""
    if location.is_file():
        return _damage_in_file(location) or _missing_part(location)
    try:
        index = json.loads((location / INDEX).read_text(encoding="utf-8"))
        parts = loaded_parts(index)
    except (OSError, ValueError, AttributeError, IndexError) as error:
        return f"{INDEX} can't be read: {error}"
    for part in parts:
        folder = location / part
        if not folder.is_dir():
            return f"the folder {part} is missing"
        if (damage := _first_damage(folder.glob("*.safetensors"))) is not None:
            return f"{part}/{damage}"
    return None


def loaded_parts(index: dict[str, Any]) -> list[str]:
    """The subfolders in a model's index that are loaded."""
    named = [name for name, kind in index.items() if isinstance(kind, list) and kind[0] is not None]
    return [name for name in named if name not in UNUSED]


def _first_damage(files: Iterable[Path]) -> str | None:
    return next((damage for path in sorted(files) if (damage := _damage_in_file(path)) is not None), None)


def _damage_in_file(path: Path) -> str | None:
    size = path.stat().st_size
    try:
        length, tensors = read_header(path)
        end = max(entry["data_offsets"][1] for name, entry in tensors.items() if name != "__metadata__")
    except (OSError, ValueError, struct.error, AttributeError, KeyError, TypeError, IndexError):
        return f"{path.name} isn't a safetensors file, or is incomplete"
    if size != 8 + length + end:
        return f"{path.name} has {size:,} bytes instead of {8 + length + end:,}; download it again"
    return None


def _missing_part(path: Path) -> str | None:
    """diffusers would silently fill in a missing part from the weights in the configuration's folder, if it has any."""
    _, tensors = read_header(path)
    missing = [part for part, prefixes in _PARTS.items() if not any(name.startswith(prefixes) for name in tensors)]
    return f"{path.name} isn't a complete model: it has no {' and no '.join(missing)}" if missing else None


def read_header(path: Path) -> tuple[int, dict[str, Any]]:
    """A safetensors file's header: its length in bytes, and the entry of each tensor.

    Raises: ValueError, struct.error, OSError.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(_MAX_HEADER, path.stat().st_size):
            raise ValueError("the header is longer than the file or the format allows")
        return length, json.loads(file.read(length))
