"""The hash that identifies a picture's model in its metadata."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from services.checkpoints.weights import weight_files

#: A1111 identifies a model by the first ten hex digits of its file's SHA-256
MODEL_HASH_DIGITS = 10


def hash_weights(location: Path) -> str:
    """The model hash for pictures' metadata: that of a single file, or of a folder's UNet.

    The first call reads the whole file, which takes seconds per gigabyte. Raises: OSError.
    """
    files = [location] if location.is_file() else weight_files(location, "unet")
    if not files:
        raise FileNotFoundError(f"no weights in {location}")
    weights = files[0]
    status = weights.stat()
    return _hash_file(weights.resolve(), status.st_size, status.st_mtime_ns)


@cache
def _hash_file(weights: Path, size: int, changed_at: int) -> str:
    """Cached until the file's size or time changes, since a checkpoint may be loaded often and has gigabytes."""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:MODEL_HASH_DIGITS]
