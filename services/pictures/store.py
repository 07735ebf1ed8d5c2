"""The pictures on disk, named by their content's hash. A row's state becomes "rendered" only after its files are written."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path

from services.files import write_atomically


class PictureStore:
    """A content-addressed store of recent PNG files; members keep theirs on Discord."""

    def __init__(self, folder: Path, *, max_bytes: int = 5 * 1024**3, max_age: timedelta = timedelta(days=30)) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age = max_age

    async def save(self, files: Iterable[bytes]) -> tuple[str, ...]:
        """Write the files; returns their names in the same order.

        Raises: OSError.
        """
        return await asyncio.to_thread(lambda: tuple(self._write(data) for data in files))

    async def read(self, name: str) -> bytes:
        """Read one file.

        Raises: FileNotFoundError, if it has been pruned.
        """
        return await asyncio.to_thread(self._path(name).read_bytes)

    async def delete(self, names: Iterable[str]) -> None:
        """Delete these files, as far as they exist."""
        for name in names:
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def prune(self, wanted: Collection[str]) -> int:
        """Delete files that are too old, then the oldest until the rest fits, but none that is wanted; returns the count."""
        return await asyncio.to_thread(self._prune, wanted)

    def _prune(self, wanted: Collection[str]) -> int:
        files = [(path.stat(), path) for path in self._folder.glob("??/*.png")]
        total_bytes = sum(status.st_size for status, _ in files)
        oldest_kept, pruned = time.time() - self._max_age.total_seconds(), 0
        for status, path in sorted(files, key=lambda file: file[0].st_mtime):
            if status.st_mtime >= oldest_kept and total_bytes <= self._max_bytes:
                break
            if path.name not in wanted:
                path.unlink(missing_ok=True)
                total_bytes -= status.st_size
                pruned += 1
        return pruned

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, data: bytes) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.png"
        path = self._path(name)
        if path.exists():
            os.utime(path)  # a new job uses it, so its age starts over
        else:
            write_atomically(path, data)
        return name
