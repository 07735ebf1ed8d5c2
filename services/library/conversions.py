"""Embeddings in other formats that lie in the operator's folders: each is converted once, and the file stays as it is."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from embeddings.conversion import convert_bytes
from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.problems import Problem
from embeddings.reader import read_file
from embeddings.writer import SOURCE_HASH
from services.library.folder import write_embedding

log = logging.getLogger(__name__)

#: of these A1111 and diffusers make embeddings
_FOREIGN = frozenset({".pt", ".bin", ".png"})

#: pictures are mostly previews of the embeddings beside them, which needs no mention
_MAYBE = frozenset({".png"})


class Conversions:
    """Nothing in the files is executed: they are parsed in a sandbox."""

    def __init__(self, folders: Iterable[Path], target: Path) -> None:
        """Whatever is converted goes to `target`, which has nothing else in it."""
        self._folders = tuple(folders)
        self._target = target
        #: by modification time and size
        self._known: dict[Path, tuple[tuple[int, int], str]] = {}
        #: why a file can't be used; None for pictures that are just pictures
        self._refused: dict[str, Problem | None] = {}

    @property
    def problems(self) -> list[Problem]:
        """Files that can't be converted."""
        return [problem for problem in self._refused.values() if problem is not None]

    async def watch(self, interval: float = 5.0) -> None:
        """Convert what is dropped into the folders; runs until cancelled. `interval` is in seconds."""
        while True:
            await asyncio.sleep(interval)
            try:
                await asyncio.to_thread(self.update)
            except OSError as error:
                log.warning("cannot convert embeddings: %s", error)

    def update(self) -> None:
        """Convert new files and forget those that are gone. Each takes about 0.1 s: call this in a thread.

        Raises: OSError.
        """
        present = {self._hash(path): path for path in self._files()}
        done = self._converted()
        for source, file in done.items():
            if source not in present:
                file.unlink()
        self._refused = {source: problem for source, problem in self._refused.items() if source in present}
        for source, path in present.items():
            if source not in done and source not in self._refused:
                self._convert(source, path)

    def _convert(self, source: str, path: Path) -> None:
        try:
            self._target.mkdir(parents=True, exist_ok=True)
            written = write_embedding(convert_bytes(path.read_bytes(), path.name), self._target)
        except RefusedFile as error:
            is_picture = path.suffix.lower() in _MAYBE
            self._refused[source] = None if is_picture else Problem(printable(path.name), str(error))
            if not is_picture:
                log.warning("%s: %s", printable(path.name), error)
        else:
            log.info("converted %s to %s", path, written)

    def _files(self) -> Iterator[Path]:
        for folder in self._folders:
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                is_small = path.is_file() and path.stat().st_size <= MAX_INPUT_BYTES
                if is_small and path.suffix.lower() in _FOREIGN and not path.name.startswith("."):
                    yield path

    def _hash(self, path: Path) -> str:
        status = path.stat()
        stamp = status.st_mtime_ns, status.st_size
        if path not in self._known or self._known[path][0] != stamp:
            self._known[path] = stamp, hashlib.sha256(path.read_bytes()).hexdigest()
        return self._known[path][1]

    def _converted(self) -> dict[str, Path]:
        """The files in the target by the hash of what they were made from."""
        files = sorted(self._target.glob("*.safetensors")) if self._target.is_dir() else ()
        return {self._source_of(file): file for file in files}

    def _source_of(self, file: Path) -> str:
        try:
            return read_file(file).embedding.metadata.get(SOURCE_HASH, "")
        except RefusedFile:  # cut off when the machine went down
            return ""
