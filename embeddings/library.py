"""The installed embeddings: which files there are, under which names they go, and what the catalog knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.architecture import Architecture
from embeddings.catalog import CATALOG_SUFFIX, Catalog, CatalogEntry, Problem
from embeddings.embedding import Embedding
from embeddings.errors import RefusedFile
from embeddings.header import shown
from embeddings.names import name_key, why_not_a_name
from embeddings.reader import read_file


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

    def __iter__(self) -> Iterator[InstalledEmbedding]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def scan(self, folders: Iterable[Path]) -> None:
        """Read every file of `folders`; those that cannot be used are named in `problems`."""
        for path in (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())):
            if path.is_file() and not path.name.startswith(".") and path.suffix != CATALOG_SUFFIX:
                self.install(path)

    def install(self, path: Path) -> InstalledEmbedding | None:
        """Take one file in; None, and a line in `problems`, if it is refused or its name is taken."""
        try:
            file = read_file(path)
        except RefusedFile as error:
            return self._leave_out(path, str(error))
        except OSError as error:  # its own text would show a path of this machine
            return self._leave_out(path, f"It cannot be opened: {error.strerror}.")
        entry = self._entry_for(path, file.file_hash, file.embedding.architecture)
        if entry is None and (reason := why_not_a_name(path.stem)):
            return self._leave_out(path, reason)
        installed = InstalledEmbedding(entry.id if entry else path.stem, path, file.embedding, file.file_hash, entry)
        twin = self._by_id.get(name_key(installed.id))
        if twin is not None and (entry is None or twin.entry is not None):
            return self._leave_out(path, f"'{twin.id}' is installed already, from {shown(twin.path.name)}.")
        if twin is not None:  # what only bears the name makes room for what the catalog knows by its hash
            self._by_name = {name: other for name, other in self._by_name.items() if other is not twin}
            self._leave_out(
                twin.path, f"'{installed.id}' is installed from {shown(path.name)}, which is the known file."
            )
        self._by_id[name_key(installed.id)] = installed
        self.state += 1
        for name in installed.aliases:
            self._by_name.setdefault(name_key(name), installed)
        return installed

    def find(self, name: str) -> InstalledEmbedding | None:
        """The embedding with this id or, if there is none, this alias or title."""
        key = name_key(name)
        return self._by_id.get(key) or self._by_name.get(key)

    def _leave_out(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(shown(path.name), reason))

    def _entry_for(self, path: Path, file_hash: str, architecture: Architecture) -> CatalogEntry | None:
        entry = self.catalog.identify(file_hash)
        if entry is not None:
            return entry
        # The demo's own files are trained anew with every release, so for them the name in their folder is enough.
        named = self.catalog.find(path.stem)
        if named is None or named.architecture is not architecture:
            return None
        if named.hashes:
            self.problems.append(
                Problem(
                    shown(path.name),
                    f"It bears the name of '{named.id}', but its content is another; treat it with care.",
                )
            )
            return None
        return named
