"""The installed embeddings: their files, their names, and what the catalog knows about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embeddings.architecture import Architecture
from embeddings.catalog import CATALOG_SUFFIX, Catalog, CatalogEntry, other_file_of, positive_twin_of
from embeddings.display import printable
from embeddings.embedding import Embedding
from embeddings.errors import RefusedFile
from embeddings.names import name_key, name_problem
from embeddings.problems import Problem
from embeddings.reader import EmbeddingFile, read_file
from embeddings.writer import SOURCE_HASH

#: modification time in nanoseconds, and size in bytes
Stamp = tuple[int, int]
#: endings of other formats, which have to be converted before a library can have them
FOREIGN = frozenset({".pt", ".bin", ".png", ".webp", ".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True)
class InstalledEmbedding:
    """One file in the library."""

    #: the catalog's id, else the file's stem; unique ignoring case
    id: str
    path: Path
    embedding: Embedding
    file_hash: str
    entry: CatalogEntry | None = None

    @property
    def title(self) -> str:
        return self.entry.title if self.entry else self.id

    @property
    def aliases(self) -> tuple[str, ...]:
        stem = () if name_problem(self.path.stem) else (self.path.stem,)
        names = (*self.entry.names, *stem) if self.entry else stem
        return tuple(dict.fromkeys(name for name in names if name_key(name) != name_key(self.id)))

    @property
    def architecture(self) -> Architecture:
        return self.embedding.architecture

    @property
    def lineage(self) -> str | None:
        return self.entry.lineage if self.entry else None

    @property
    def targets(self) -> tuple[str, ...]:
        return self.entry.targets if self.entry else ()

    @property
    def num_vectors(self) -> int:
        return self.embedding.num_vectors

    @property
    def extent(self) -> str:
        """ "8 vectors", or "conditioning"."""
        count = self.num_vectors
        return "conditioning" if self.embedding.is_conditioning else f"{count} vector{'' if count == 1 else 's'}"

    @property
    def content_hash(self) -> str:
        return self.embedding.content_hash

    @property
    def strength(self) -> float:
        return self.entry.strength if self.entry else 1.0

    @property
    def rank(self) -> int:
        return self.entry.rank if self.entry else 1000


class Library:
    """Installed embeddings by id and alias. Names are compared ignoring case and width."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.problems: list[Problem] = []
        #: changes whenever an embedding is added or removed, so that what is derived from the library can be cached
        self.state = 0
        self._by_id: dict[str, InstalledEmbedding] = {}
        self._by_name: dict[str, InstalledEmbedding] = {}
        self._stamps: dict[Path, Stamp] = {}

    def __iter__(self) -> Iterator[InstalledEmbedding]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def scan(self, folders: Iterable[Path]) -> None:
        """Load every file in `folders`; those that can't be used are reported in `problems`."""
        self.update(stamps_of(folders))

    def update(self, stamps: Mapping[Path, Stamp]) -> bool:
        """Load new and changed files and unload deleted ones; returns whether there were any."""
        stale = [path for path, stamp in self._stamps.items() if stamps.get(path) != stamp]
        new = [path for path, stamp in stamps.items() if self._stamps.get(path) != stamp]
        for path in stale:
            self._forget(path)
        for path in new:
            self.load(path)
        self._stamps = dict(stamps)
        return bool(stale or new)

    def load(self, path: Path) -> InstalledEmbedding | None:
        """Add the file at `path`; if it is refused or its name is taken, return None and report it in `problems`."""
        try:
            return self.add(path)
        except RefusedFile as error:
            self._report(path, str(error))
            return None

    def add(self, path: Path, file: EmbeddingFile | None = None) -> InstalledEmbedding:
        """Add the file at `path`. A caller that has just written it there passes its content as `file`.

        Raises: RefusedFile, also if its name is taken.
        """
        try:
            file = file or read_file(path)
        except OSError as error:  # its message would show a path on this machine
            raise RefusedFile(f"This file can't be opened: {error.strerror}.") from error
        entry = self._entry_for(path, file)
        if entry is None and (reason := name_problem(path.stem)):
            raise RefusedFile(reason)
        installed = InstalledEmbedding(entry.id if entry else path.stem, path, file.embedding, file.file_hash, entry)
        existing = self._by_id.get(name_key(installed.id))
        if existing is not None and (entry is None or existing.entry is not None):
            raise RefusedFile(f"'{existing.id}' is already installed, from {printable(existing.path.name)}.")
        if existing is not None:  # a file that merely has the name makes way for the one whose hash is in the catalog
            self._drop(existing)
            self._report(
                existing.path,
                f"'{installed.id}' is loaded from {printable(path.name)} instead, whose hash is in the catalog.",
            )
        self._by_id[name_key(installed.id)] = installed
        for name in installed.aliases:
            self._by_name.setdefault(name_key(name), installed)
        self._stamps[path] = _stamp(path)
        self.state += 1
        return installed

    def remove(self, installed: InstalledEmbedding) -> None:
        """Delete an embedding with its file.

        Raises: OSError.
        """
        installed.path.unlink(missing_ok=True)
        self._forget(installed.path)
        self._stamps.pop(installed.path, None)

    def find(self, name: str) -> InstalledEmbedding | None:
        """The embedding with this id or else with this alias or title."""
        key = name_key(name)
        return self._by_id.get(key) or self._by_name.get(key)

    def _forget(self, path: Path) -> None:
        self.problems = [problem for problem in self.problems if problem.name != printable(path.name)]
        for installed in [embedding for embedding in self if embedding.path == path]:
            self._drop(installed)

    def _drop(self, installed: InstalledEmbedding) -> None:
        del self._by_id[name_key(installed.id)]
        self._by_name = {name: other for name, other in self._by_name.items() if other is not installed}
        self.state += 1

    def _report(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(printable(path.name), reason))

    def _entry_for(self, path: Path, file: EmbeddingFile) -> CatalogEntry | None:
        # a converted file has a hash of its own, and its metadata says which file it was made from
        source_hash = file.embedding.metadata.get(SOURCE_HASH, "")
        for known_hash in filter(None, (file.file_hash, source_hash)):
            if (entry := self.catalog.identify(known_hash)) is not None:
                return entry
            if (negative := self.catalog.negative_of(known_hash)) is not None:
                self._report(path, positive_twin_of(negative))
                return None
        # The demo's embeddings are retrained with every release, so their entries list no hashes and go by name.
        named = self.catalog.find(path.stem)
        if named is None or named.architecture is not file.embedding.architecture:
            return None
        if named.hashes:
            self._report(path, other_file_of(named))
            return None
        return named


def stamps_of(folders: Iterable[Path]) -> dict[Path, Stamp]:
    """Every file in `folders` that may be an embedding, with its stamp. Reads no file; may run in a thread."""
    stamps: dict[Path, Stamp] = {}
    for path in (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())):
        is_other = path.suffix == CATALOG_SUFFIX or path.suffix.lower() in FOREIGN
        if path.is_file() and not path.name.startswith(".") and not is_other:
            with suppress(FileNotFoundError):  # deleted meanwhile
                stamps[path] = _stamp(path)
    return stamps


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
