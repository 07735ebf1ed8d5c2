"""Write files atomically, complete or not at all, even if the machine crashes halfway; and never fill the disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from services.errors import UserError

#: left free for everything else on the disk, in bytes
RESERVE = 1024**3


def check_disk_space(folder: Path, needed: int) -> None:
    """Make sure that a download of `needed` bytes leaves room for others; creates the folder.

    Raises: UserError; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise UserError(
            f"{needed / 1024**3:.1f} GB are still to come, and {folder} has {free / 1024**3:.1f} GB free, of which "
            f"{RESERVE / 1024**3:.0f} GB should stay free. Make room, then run this command again."
        )


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
