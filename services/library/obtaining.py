"""Curated embeddings that aren't installed: which of them can be had, and for which of the models here."""

from __future__ import annotations

from embeddings.catalog import CatalogEntry
from services.checkpoints import Checkpoint
from services.errors import UnknownName, UserError
from services.matching import MIN_SIMILARITY
from services.stock import Stock
from services.suggestions.browsing import order_of
from services.suggestions.ranking import score
from services.suggestions.suggestion import MAX_CHOICE_CHARACTERS, MAX_CHOICES, Suggestion
from services.text import shorten


def obtainable(stock: Stock, name: str) -> CatalogEntry:
    """The curated embedding of this name, which has a known address and isn't installed.

    Raises: UnknownName; UserError.
    """
    entry = stock.catalog_entry(name)
    if entry is None:
        raise UnknownName(
            f"I know no embedding '{shorten(name)}'. /embedding browse shows those I know; for any other, give its "
            "file or its address."
        )
    if (installed := stock.installed_file_of(entry)) is not None:
        raise UserError(f"{entry.id} is already installed, as '{installed.id}'.")
    if not entry.downloads:
        page = f" from {entry.source}" if entry.source else ""
        raise UserError(f"I know no address of {entry.id}'s file; download it{page}, and attach it in file.")
    return entry


def missing_recommendations(stock: Stock, checkpoint: Checkpoint) -> list[CatalogEntry]:
    """The curated embeddings that are recommended for a model and aren't installed, best first."""
    entries = filter(None, map(stock.catalog_entry, checkpoint.recommended))
    return [entry for entry in entries if stock.installed_file_of(entry) is None]


def suggest_obtainable(stock: Stock, typed: str) -> list[Suggestion]:
    """Curated embeddings that can be had and fit a model of this server, best first."""
    architectures = {model.architecture for model in stock.models}
    found = [
        (score(typed, (*entry.names, *entry.targets)), entry)
        for entry in stock.library.catalog
        if entry.architecture in architectures and entry.downloads and stock.installed_file_of(entry) is None
    ]
    best = sorted(
        ((likeness, entry) for likeness, entry in found if likeness >= MIN_SIMILARITY),
        key=lambda scored: (-scored[0], order_of(scored[1])),
    )
    return [Suggestion(_label(entry), entry.id) for _, entry in best[:MAX_CHOICES]]


def _label(entry: CatalogEntry) -> str:
    parts = (entry.id, ", ".join(entry.targets), f"for {entry.architecture.facts.title}")
    return shorten(" · ".join(parts), MAX_CHOICE_CHARACTERS)
