"""Write files that are there whole or not at all, also when the machine stops in the middle."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write `path`, and the folders above it where they are missing; nothing is left behind if that fails.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # hidden, so that whoever looks into the folder meanwhile does not take it for one of its files
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
            _sync_folder(path.parent)
        except OSError:
            os.unlink(file.name)
            raise


def _sync_folder(folder: Path) -> None:
    """A name is there after a power failure only if its folder was written too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
