"""Write files atomically: complete or not at all, even if the machine crashes halfway."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write `path`, creating missing parent folders; leaves no partial file behind.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # hidden, so that a scan of the folder doesn't pick up the unfinished file
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
    """Without this, a power failure can lose the file's name, though not its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
