"""The hash by which pictures name the model that drew them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

#: A1111 names a model by the first ten hex digits of its file's SHA-256
MODEL_HASH_DIGITS = 10


def hash_weights(location: Path) -> str:
    """The hash that the pictures' metadata name the model by: of the file, or of a folder's UNet.

    Reads all of it the first time, which takes seconds for gigabytes. Raises: OSError.
    """
    unets = sorted((location / "unet").glob("*.safetensors"))
    if not (location.is_file() or unets):
        raise FileNotFoundError(f"there are no weights in {location}")
    weights = location if location.is_file() else unets[0]
    status = weights.stat()
    return _hash_file(weights.resolve(), status.st_size, status.st_mtime_ns)


@cache
def _hash_file(weights: Path, size: int, changed_at: int) -> str:
    """Read once as long as size and time stay: a checkpoint that comes back into memory has gigabytes."""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:MODEL_HASH_DIGITS]
