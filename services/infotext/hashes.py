"""Which embedding a hash in a picture means: an installed one, one in the catalog, or an unknown one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding
from embeddings.overlay import ReadableLibrary
from embeddings.writer import SOURCE_HASH

#: Civitai writes this many digits of a file's SHA-256, A1111 two more, others all of them; fewer don't identify a file
MIN_DIGITS = 10
#: as many as people compare
_SHOWN_DIGITS = 6


class Standing(Enum):
    """What can be done with an embedding here."""

    INSTALLED = "installed"
    KNOWN = "known, not installed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FoundEmbedding:
    """An embedding that a picture names."""

    #: as written in the picture
    name: str
    digits: str
    standing: Standing
    installed: InstalledEmbedding | None = None
    entry: CatalogEntry | None = None
    #: the picture names a different file of this embedding than the one installed, or than those in the catalog
    is_other_file: bool = False

    @property
    def id(self) -> str:
        """Its name here, or the picture's name for it if it is unknown here."""
        return self.installed.id if self.installed else self.entry.id if self.entry else self.name

    @property
    def sentence(self) -> str:
        """ "EasyNegative, installed"."""
        if self.standing is not Standing.UNKNOWN:
            other = f" (called {self.name} there)" if self.name.casefold() != self.id.casefold() else ""
            return f"{self.id}{other}, {self.standing.value}{', another file' if self.is_other_file else ''}"
        return f"{self.name}: unknown {self.digits[:_SHOWN_DIGITS]}…" if self.digits else f"{self.name}: unknown"


def look_up(name: str, digits: str, library: ReadableLibrary) -> FoundEmbedding:
    """Resolve by hash, whatever the name; by name if no known file has this hash, or if it has too few digits."""
    if len(digits) < MIN_DIGITS:
        return _by_name(name, "", library)
    for installed in library:
        known_hashes = (installed.file_hash, installed.embedding.metadata.get(SOURCE_HASH, ""))
        if any(_same(known, digits) for known in known_hashes):
            return FoundEmbedding(name, digits, Standing.INSTALLED, installed, installed.entry)
    entries = library.catalog
    entry = next((entry for entry in entries if any(_same(known, digits) for known in entry.hashes)), None)
    if entry is None:
        return _by_name(name, digits, library)
    twin = library.find(entry.id)
    if twin is None or twin.entry is not entry:
        return FoundEmbedding(name, digits, Standing.KNOWN, entry=entry)
    return FoundEmbedding(name, digits, Standing.INSTALLED, twin, entry, is_other_file=True)


def _by_name(name: str, digits: str, library: ReadableLibrary) -> FoundEmbedding:
    """With `digits`, those of a file that isn't known here."""
    installed, entry = library.find(name), library.catalog.find(name)
    if installed is not None:
        return FoundEmbedding(name, digits, Standing.INSTALLED, installed, installed.entry, bool(digits))
    if entry is not None:
        return FoundEmbedding(name, digits, Standing.KNOWN, entry=entry, is_other_file=bool(digits))
    return FoundEmbedding(name, digits, Standing.UNKNOWN)


def _same(known: str, digits: str) -> bool:
    """Whether one starts with the other."""
    known = known.lower()
    shorter = min(len(known), len(digits))
    return shorter >= MIN_DIGITS and known[:shorter] == digits[:shorter]
