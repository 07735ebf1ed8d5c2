"""What `python -m bot install` does with the names it is given."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.install.embeddings import EmbeddingInstaller
from bot.install.hub import Hub
from bot.install.models import ModelInstaller
from bot.install.progress import Progress
from bot.settings import Settings
from bot.stock import read_stock, transfers_of
from embeddings.catalog import CatalogEntry
from services.checkpoints import Checkpoint
from services.errors import UnknownName, UserError
from services.library.downloads import MAX_EMBEDDING_BYTES, Downloads
from services.library.obtaining import missing_recommendations
from services.matching import closest
from services.stock import Stock


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the names stand for, in their order and each once."""

    models: tuple[Checkpoint, ...]
    embeddings: tuple[CatalogEntry, ...]


def resolve(names: Sequence[str], stock: Stock, *, with_embeddings: bool) -> Wanted:
    """The models and embeddings of these names; with a model come those recommended for it that have a known address.

    Raises: UnknownName, before anything is downloaded.
    """
    models: dict[str, Checkpoint] = {}
    embeddings: dict[str, CatalogEntry] = {}
    for name in names:
        if (entry := stock.catalog_entry(name)) is not None:
            embeddings[entry.id] = entry
            continue
        model = _model(name, stock)
        models[model.id] = model
        if with_embeddings:
            embeddings |= {entry.id: entry for entry in missing_recommendations(stock, model) if entry.downloads}
    return Wanted(tuple(models.values()), tuple(embeddings.values()))


async def install(
    names: Sequence[str], settings: Settings, *, with_embeddings: bool, say: Callable[[str], None]
) -> bool:
    """Install everything that the names stand for; what fails doesn't keep the rest away. Returns whether all went well.

    Raises: UserError, if a name isn't known.
    """
    if settings.https_proxy:
        os.environ.setdefault("HTTPS_PROXY", settings.https_proxy)  # where the hub's client looks for it
    stock, transfers, progress = read_stock(settings), transfers_of(settings), Progress(Console(stderr=True))
    wanted = resolve(names, stock, with_embeddings=with_embeddings)
    models = ModelInstaller(
        settings.checkpoint_folder, Hub(settings.hf_token.get_secret_value() or None), transfers, progress
    )
    downloads = Downloads((), max_bytes=MAX_EMBEDDING_BYTES, transfers=transfers)
    embeddings = EmbeddingInstaller(stock, settings.embedding_folders[-1], downloads, progress)
    outcomes = [await _attempt(model.title, models.install(model), say) for model in wanted.models]
    outcomes += [await _attempt(entry.id, embeddings.install(entry), say) for entry in wanted.embeddings]
    return all(outcomes)


async def _attempt(title: str, work: Awaitable[Path], say: Callable[[str], None]) -> bool:
    try:
        say(f"✓ {title}: {await work}")
    except UserError as error:
        say(f"✗ {title}: {error}")
        return False
    return True


def _model(name: str, stock: Stock) -> Checkpoint:
    try:
        return stock.shelf.find(name)
    except UnknownName:
        known = [*(model.id for model in stock.shelf), *(entry.id for entry in stock.library.catalog)]
        near = ", ".join(closest(name, known))
        raise UnknownName(f"I know no model or embedding '{name}'. Did you mean one of these? {near}.") from None
