"""Listing through all embeddings: those that are installed, and those that the catalog knows and somebody could install."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from embeddings.architecture import Architecture
from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.matching import MIN_SIMILARITY
from services.planning.fit import fit_of
from services.stock import Stock, Stocks
from services.suggestions.ranking import score

PER_PAGE = 8


class Show(StrEnum):
    """Which embeddings to list."""

    ALL = "all"
    INSTALLED = "installed"
    MISSING = "not installed"


@dataclass(frozen=True, slots=True)
class Listing:
    """One embedding on a page."""

    id: str
    architecture: Architecture
    lineage: str | None
    targets: tuple[str, ...]
    installed: InstalledEmbedding | None
    entry: CatalogEntry | None


@dataclass(frozen=True, slots=True)
class Page:
    """`number` counts from 0."""

    listings: tuple[Listing, ...]
    number: int
    pages: int
    total: int


class Browsing:
    """Knows the stocks."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks

    def page(self, number: int, guild_id: int | None, *, model: str | None, target: str | None, show: Show) -> Page:
        """A page of a server's embeddings that pass the filters; a number beyond the last page gives the last page.

        Raises: UnknownName, if there is no such model.
        """
        stock = self._stocks.of(guild_id)
        checkpoint = stock.shelf.find(model) if model else None
        found = [
            listing for listing in _listings(stock, show) if _fits(listing, checkpoint) and _targets(listing, target)
        ]
        pages = max(1, -(-len(found) // PER_PAGE))
        number = min(max(number, 0), pages - 1)
        return Page(tuple(found[number * PER_PAGE : (number + 1) * PER_PAGE]), number, pages, len(found))

    def targets(self, guild_id: int | None) -> list[str]:
        """Everything that a server's embeddings target, most frequent first."""
        counts: dict[str, int] = {}
        for listing in _listings(self._stocks.of(guild_id), Show.ALL):
            for target in listing.targets:
                counts[target] = counts.get(target, 0) + 1
        return sorted(counts, key=lambda target: (-counts[target], target))


def _listings(stock: Stock, show: Show) -> Iterator[Listing]:
    installed = sorted(stock.library, key=order_of)
    if show is not Show.MISSING:
        for embedding in installed:
            yield Listing(
                embedding.id, embedding.architecture, embedding.lineage, embedding.targets, embedding, embedding.entry
            )
    if show is not Show.INSTALLED:
        present = {embedding.entry.id for embedding in installed if embedding.entry is not None}
        for entry in sorted(stock.library.catalog, key=order_of):
            if entry.id not in present:
                yield Listing(entry.id, entry.architecture, entry.lineage, entry.targets, None, entry)


def order_of(embedding: InstalledEmbedding | CatalogEntry) -> tuple[Architecture, int, str]:
    """Sort key of lists that aren't for one model: by architecture, then the catalog's rank."""
    return embedding.architecture, embedding.rank, embedding.id.casefold()


def _fits(listing: Listing, checkpoint: Checkpoint | None) -> bool:
    if checkpoint is None:
        return True
    if listing.installed is not None:
        return fit_of(listing.installed, checkpoint).is_usable
    return listing.architecture is checkpoint.architecture


def _targets(listing: Listing, target: str | None) -> bool:
    return not target or score(target, listing.targets) >= MIN_SIMILARITY
