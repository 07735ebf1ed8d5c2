"""The pictures on disk, each under the hash of its bytes. A row says "rendered" only after its files are here."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

from services.files import write_whole


class PictureStore:
    """Content-addressed PNG files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, files: Iterable[bytes]) -> tuple[str, ...]:
        """Write the files and return their names, in the same order."""
        return await asyncio.to_thread(lambda: tuple(self._write(data) for data in files))

    async def read(self, name: str) -> bytes:
        """One file.

        Raises: FileNotFoundError, if it was pruned.
        """
        return await asyncio.to_thread(self._path(name).read_bytes)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, data: bytes) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.png"
        path = self._path(name)
        if not path.exists():
            write_whole(path, data)
        return name
