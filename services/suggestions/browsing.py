"""Leaf through all embeddings: those that are installed, and those that the catalog knows and somebody could install."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from embeddings.architecture import Architecture
from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import Checkpoint, Shelf
from services.matching import RELATED
from services.planning.fit import fit_of
from services.suggestions.ranking import score

PER_PAGE = 8


class Show(StrEnum):
    """Which of them."""

    ALL = "all"
    INSTALLED = "installed"
    MISSING = "not installed"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One line of a page."""

    id: str
    architecture: Architecture
    lineage: str | None
    targets: tuple[str, ...]
    installed: InstalledEmbedding | None
    entry: CatalogEntry | None


@dataclass(frozen=True, slots=True)
class Page:
    """`number` counts from 0."""

    leaves: tuple[Leaf, ...]
    number: int
    pages: int
    total: int


class Browsing:
    """Knows the library and the models."""

    def __init__(self, *, library: Library, shelf: Shelf) -> None:
        self._library = library
        self._shelf = shelf

    def page(self, number: int, *, model: str | None, target: str | None, show: Show) -> Page:
        """A page of what is left after the filters; a number beyond the last page gives the last one.

        Raises: UnknownName, if there is no such model.
        """
        checkpoint = self._shelf.find(model) if model else None
        found = [leaf for leaf in self._leaves(show) if _fits(leaf, checkpoint) and _targets(leaf, target)]
        pages = max(1, -(-len(found) // PER_PAGE))
        number = min(max(number, 0), pages - 1)
        return Page(tuple(found[number * PER_PAGE : (number + 1) * PER_PAGE]), number, pages, len(found))

    def targets(self) -> list[str]:
        """Everything that some embedding aims at, the most frequent first."""
        counts: dict[str, int] = {}
        for leaf in self._leaves(Show.ALL):
            for target in leaf.targets:
                counts[target] = counts.get(target, 0) + 1
        return sorted(counts, key=lambda target: (-counts[target], target))

    def _leaves(self, show: Show) -> Iterator[Leaf]:
        installed = sorted(self._library, key=lambda one: (one.architecture, one.rank, one.id.casefold()))
        if show is not Show.MISSING:
            for one in installed:
                yield Leaf(one.id, one.architecture, one.lineage, one.targets, one, one.entry)
        if show is not Show.INSTALLED:
            present = {one.entry.id for one in installed if one.entry is not None}
            known = sorted(self._library.catalog, key=lambda one: (one.architecture, one.rank, one.id.casefold()))
            for entry in known:
                if entry.id not in present:
                    yield Leaf(entry.id, entry.architecture, entry.lineage, entry.targets, None, entry)


def _fits(leaf: Leaf, checkpoint: Checkpoint | None) -> bool:
    if checkpoint is None:
        return True
    if leaf.installed is not None:
        return fit_of(leaf.installed, checkpoint).is_usable
    return leaf.architecture is checkpoint.architecture


def _targets(leaf: Leaf, target: str | None) -> bool:
    return not target or score(target, leaf.targets) >= RELATED
