"""Which embedding a hash in a picture means: an installed one, one that the catalog knows, or none that is known here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding, Library
from embeddings.writer import SOURCE_HASH

#: Civitai writes so many digits of a file's SHA-256, A1111 two more, others all of them; fewer would not identify it
MIN_DIGITS = 10
#: as many as a member can compare
_SHOWN_DIGITS = 6


class Standing(Enum):
    """What can be done with it here."""

    INSTALLED = "installed"
    KNOWN = "known, not installed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FoundEmbedding:
    """An embedding that a picture names."""

    #: as it is written in the picture
    name: str
    digits: str
    standing: Standing
    installed: InstalledEmbedding | None = None
    entry: CatalogEntry | None = None
    #: installed, but made from another of the files that go by this name
    is_other_file: bool = False

    @property
    def id(self) -> str:
        """What it is called here, or there if it is unknown here."""
        return self.installed.id if self.installed else self.entry.id if self.entry else self.name

    @property
    def sentence(self) -> str:
        """ "EasyNegative, installed"."""
        if self.standing is not Standing.UNKNOWN:
            other = f" (called {self.name} there)" if self.name.casefold() != self.id.casefold() else ""
            return f"{self.id}{other}, {self.standing.value}"
        return f"{self.name}: unknown {self.digits[:_SHOWN_DIGITS]}…" if self.digits else f"{self.name}: unknown"


def look_up(name: str, digits: str, library: Library) -> FoundEmbedding:
    """Resolve by hash, whatever name stands beside it; by name where there are too few digits of a hash."""
    if len(digits) < MIN_DIGITS:
        return _by_name(name, library)
    for one in library:
        if _same(one.file_hash, digits) or _same(one.embedding.metadata.get(SOURCE_HASH, ""), digits):
            return FoundEmbedding(name, digits, Standing.INSTALLED, one, one.entry)
    entry = next((one for one in library.catalog if any(_same(known, digits) for known in one.hashes)), None)
    if entry is None:
        return FoundEmbedding(name, digits, Standing.UNKNOWN)
    twin = library.find(entry.id)
    if twin is None or twin.entry is not entry:
        return FoundEmbedding(name, digits, Standing.KNOWN, entry=entry)
    return FoundEmbedding(name, digits, Standing.INSTALLED, twin, entry, is_other_file=True)


def _by_name(name: str, library: Library) -> FoundEmbedding:
    installed, entry = library.find(name), library.catalog.find(name)
    if installed is not None:
        return FoundEmbedding(name, "", Standing.INSTALLED, installed, installed.entry)
    return FoundEmbedding(name, "", Standing.KNOWN if entry else Standing.UNKNOWN, entry=entry)


def _same(known: str, digits: str) -> bool:
    """Whether one is the beginning of the other."""
    known = known.lower()
    shorter = min(len(known), len(digits))
    return shorter >= MIN_DIGITS and known[:shorter] == digits[:shorter]
