"""The pictures on disk, each under the hash of its bytes. A row says "rendered" only after its files are here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path

from services.files import write_whole


class PictureStore:
    """Content-addressed PNG files, the newest of them; members have theirs on Discord."""

    def __init__(self, folder: Path, *, max_bytes: int = 5 * 1024**3, max_age: timedelta = timedelta(days=30)) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age = max_age

    async def keep(self, files: Iterable[bytes]) -> tuple[str, ...]:
        """Write the files and return their names, in the same order."""
        return await asyncio.to_thread(lambda: tuple(self._write(data) for data in files))

    async def read(self, name: str) -> bytes:
        """One file.

        Raises: FileNotFoundError, if it was pruned.
        """
        return await asyncio.to_thread(self._path(name).read_bytes)

    async def prune(self, wanted: Collection[str]) -> int:
        """Delete what is too old, and the oldest of what is too much, but nothing that is wanted; returns how many."""
        return await asyncio.to_thread(self._prune, wanted)

    def _prune(self, wanted: Collection[str]) -> int:
        found = [(path.stat(), path) for path in self._folder.glob("??/*.png")]
        kept_bytes = sum(status.st_size for status, _ in found)
        oldest_kept, pruned = time.time() - self._max_age.total_seconds(), 0
        for status, path in sorted(found, key=lambda one: one[0].st_mtime):
            if status.st_mtime >= oldest_kept and kept_bytes <= self._max_bytes:
                break
            if path.name not in wanted:
                path.unlink(missing_ok=True)
                kept_bytes -= status.st_size
                pruned += 1
        return pruned

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, data: bytes) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.png"
        path = self._path(name)
        if path.exists():
            os.utime(path)  # wanted anew, so it is as young as any
        else:
            write_whole(path, data)
        return name
