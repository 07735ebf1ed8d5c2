"""The installed embeddings: which files there are, under which names they go, and what the catalog knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embeddings.architecture import Architecture
from embeddings.catalog import CATALOG_SUFFIX, Catalog, CatalogEntry
from embeddings.display import printable
from embeddings.embedding import Embedding
from embeddings.errors import RefusedFile
from embeddings.names import name_key, why_not_a_name
from embeddings.problems import Problem
from embeddings.reader import EmbeddingFile, read_file
from embeddings.writer import SOURCE_HASH

#: time of the last change in nanoseconds, and size in bytes
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class InstalledEmbedding:
    """One file of the library."""

    #: the catalog's id, else the file's stem; unique without regard to case
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
        stem = () if why_not_a_name(self.path.stem) else (self.path.stem,)
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
    def content_hash(self) -> str:
        return self.embedding.content_hash

    @property
    def strength(self) -> float:
        return self.entry.strength if self.entry else 1.0

    @property
    def rank(self) -> int:
        return self.entry.rank if self.entry else 1000


class Library:
    """Installed embeddings by id, alias and content. Names are compared without regard to case."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.problems: list[Problem] = []
        #: another number after every change, for whoever keeps something made from the whole library
        self.state = 0
        self._by_id: dict[str, InstalledEmbedding] = {}
        self._by_name: dict[str, InstalledEmbedding] = {}
        self._stamps: dict[Path, Stamp] = {}

    def __iter__(self) -> Iterator[InstalledEmbedding]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def scan(self, folders: Iterable[Path]) -> None:
        """Read every file of `folders`; those that cannot be used are named in `problems`."""
        self.update(stamps_of(folders))

    def update(self, stamps: Mapping[Path, Stamp]) -> bool:
        """Take in what is new or has changed since the last time, let go of what is gone; whether there was any of it."""
        stale = [path for path, stamp in self._stamps.items() if stamps.get(path) != stamp]
        new = [path for path, stamp in stamps.items() if self._stamps.get(path) != stamp]
        for path in stale:
            self._forget(path)
        for path in new:
            self.install(path)
        self._stamps = dict(stamps)
        return bool(stale or new)

    def install(self, path: Path) -> InstalledEmbedding | None:
        """Take one file in; None, and a line in `problems`, if it is refused or its name is taken."""
        try:
            return self.add(path)
        except RefusedFile as error:
            return self._leave_out(path, str(error))

    def add(self, path: Path, file: EmbeddingFile | None = None) -> InstalledEmbedding:
        """Add the file at `path`; `file` is its content, if the caller has just written it there.

        Raises: RefusedFile, also if its name is taken.
        """
        try:
            file = file or read_file(path)
        except OSError as error:  # its own text would show a path of this machine
            raise RefusedFile(f"It cannot be opened: {error.strerror}.") from error
        entry = self._entry_for(path, file)
        if entry is None and (reason := why_not_a_name(path.stem)):
            raise RefusedFile(reason)
        installed = InstalledEmbedding(entry.id if entry else path.stem, path, file.embedding, file.file_hash, entry)
        twin = self._by_id.get(name_key(installed.id))
        if twin is not None and (entry is None or twin.entry is not None):
            raise RefusedFile(f"'{twin.id}' is installed already, from {printable(twin.path.name)}.")
        if twin is not None:  # what only bears the name makes room for what the catalog knows by its hash
            self._let_go(twin)
            self._leave_out(
                twin.path, f"'{installed.id}' is installed from {printable(path.name)}, which is the known file."
            )
        self._by_id[name_key(installed.id)] = installed
        for name in installed.aliases:
            self._by_name.setdefault(name_key(name), installed)
        self._stamps[path] = _stamp(path)
        self.state += 1
        return installed

    def remove(self, installed: InstalledEmbedding) -> None:
        """Let go of an embedding and delete its file.

        Raises: OSError.
        """
        installed.path.unlink(missing_ok=True)
        self._forget(installed.path)
        self._stamps.pop(installed.path, None)

    def find(self, name: str) -> InstalledEmbedding | None:
        """The embedding with this id or, if there is none, this alias or title."""
        key = name_key(name)
        return self._by_id.get(key) or self._by_name.get(key)

    def _forget(self, path: Path) -> None:
        self.problems = [problem for problem in self.problems if problem.name != printable(path.name)]
        for installed in [one for one in self if one.path == path]:
            self._let_go(installed)

    def _let_go(self, installed: InstalledEmbedding) -> None:
        del self._by_id[name_key(installed.id)]
        self._by_name = {name: other for name, other in self._by_name.items() if other is not installed}
        self.state += 1

    def _leave_out(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(printable(path.name), reason))

    def _entry_for(self, path: Path, file: EmbeddingFile) -> CatalogEntry | None:
        # what was converted here has a hash that nobody else knows, and says which file it was made from
        source_hash = file.embedding.metadata.get(SOURCE_HASH, "")
        for known_hash in filter(None, (file.file_hash, source_hash)):
            if (entry := self.catalog.identify(known_hash)) is not None:
                return entry
        # The demo's own files are trained anew with every release, so for them the name in their folder is enough.
        named = self.catalog.find(path.stem)
        if named is None or named.architecture is not file.embedding.architecture:
            return None
        if named.hashes:
            reason = f"It bears the name of '{named.id}', but its content is another; treat it with care."
            self.problems.append(Problem(printable(path.name), reason))
            return None
        return named


def stamps_of(folders: Iterable[Path]) -> dict[Path, Stamp]:
    """Every file that may be an embedding, with what changes when it does; reads no file, and may run in a thread."""
    stamps: dict[Path, Stamp] = {}
    for path in (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())):
        if path.is_file() and not path.name.startswith(".") and path.suffix != CATALOG_SUFFIX:
            with suppress(FileNotFoundError):  # gone in between
                stamps[path] = _stamp(path)
    return stamps


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
