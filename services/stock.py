"""What pictures can be made with: the models, the embeddings, and how many of these a request carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key
from embeddings.overlay import OverlayLibrary
from services.checkpoints import Checkpoint, Shelf
from services.errors import UnknownName, UserError
from services.matching import closest
from services.text import shorten

#: endings of embedding files, which other programs let people type as part of the name
_ENDINGS = (".safetensors", ".pt", ".bin", ".png")


@dataclass(frozen=True, slots=True)
class EmbeddingLimits:
    """How many embeddings a request carries; the minimum is 1, or 0 where the operator allows pictures without any."""

    minimum: int = 1
    maximum: int = 3


@dataclass(frozen=True, slots=True)
class Stock:
    """The library and the shelf, and the operator's choices about them."""

    library: Library | OverlayLibrary
    shelf: Shelf
    limits: EmbeddingLimits = EmbeddingLimits()
    default_model: str = "demo"

    def checkpoint(self, model: str | None) -> Checkpoint:
        """The checkpoint named, or the default one, installed or not.

        Raises: UnknownName.
        """
        return self.shelf.find(model or self.default_model)

    def installed_checkpoint(self, model: str | None) -> Checkpoint:
        """The same, ready to render with.

        Raises: UnknownName; UserError, if it isn't installed.
        """
        return self.shelf.find_installed(model or self.default_model)

    def has_model(self, model: str) -> bool:
        try:
            return self.shelf.is_installed(self.shelf.find(model))
        except UserError:
            return False

    def embedding(self, name: str) -> InstalledEmbedding | None:
        """The installed embedding of this name, with or without a file's ending."""
        return next(filter(None, (self.library.find(spelling) for spelling in _spellings(name))), None)

    def catalog_entry(self, name: str) -> CatalogEntry | None:
        """The curated embedding of this name, with or without a file's ending."""
        return next(filter(None, (self.library.catalog.find(spelling) for spelling in _spellings(name))), None)

    def plain_name(self, name: str) -> str:
        """The name without a file's ending, if that is how an embedding is known."""
        known = (spelling for spelling in _spellings(name) if self._is_known(spelling))
        return next(known, name)

    def is_embedding(self, name: str) -> bool:
        """Whether a word is the id or alias of an embedding, installed or known. A title may be an ordinary word."""
        found = self.embedding(name) or self.catalog_entry(name)
        if found is None:
            return False
        entry = found.entry if isinstance(found, InstalledEmbedding) else found
        own = {found.id, *(entry.aliases if entry else ())}
        return any(name_key(spelling) in map(name_key, own) for spelling in _spellings(name))

    def named_embedding(self, name: str) -> InstalledEmbedding:
        """An installed embedding that has to be there.

        Raises: UnknownName, naming near ones.
        """
        installed = self.embedding(name)
        if installed is None:
            near = ", ".join(closest(name, [embedding.id for embedding in self.library])) or "none yet"
            raise UnknownName(f"There's no embedding '{shorten(name)}' here. Did you mean one of these? {near}.")
        return installed

    def _is_known(self, name: str) -> bool:
        return (self.library.find(name) or self.library.catalog.find(name)) is not None


class Stocks:
    """The stock of each server: its own embeddings over everyone's. Direct messages have everyone's."""

    def __init__(self, shared: Stock, folder: Path | None = None) -> None:
        """`folder` has a folder for each server, named by its id."""
        assert isinstance(shared.library, Library)
        self.shared = shared
        self.shared_library: Library = shared.library
        self._folder = folder
        self._own: dict[int, Stock] = {}

    @property
    def servers(self) -> list[int]:
        """Servers that have embeddings of their own, or had."""
        return list(self._own)

    def of(self, guild_id: int | None) -> Stock:
        """What can be used in a server."""
        return self._own.get(guild_id or 0, self.shared)

    def own_library(self, guild_id: int) -> Library:
        """A server's own library, which may be empty."""
        stock = self._own.get(guild_id)
        if stock is None:
            library = OverlayLibrary(Library(self.shared_library.catalog), self.shared_library)
            stock = self._own[guild_id] = replace(self.shared, library=library)
        assert isinstance(stock.library, OverlayLibrary)
        return stock.library.own

    def folder_of(self, guild_id: int) -> Path:
        """Where a server's own files are."""
        assert self._folder is not None
        return self._folder / str(guild_id)

    def folders(self) -> dict[int, Path]:
        """The folders that there are, by their servers' ids."""
        found = self._folder.iterdir() if self._folder is not None and self._folder.is_dir() else ()
        return {int(path.name): path for path in sorted(found) if path.name.isdecimal() and path.is_dir()}


def _spellings(name: str) -> Iterator[str]:
    yield name
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            yield name[: -len(ending)]
