"""What this operator's settings say there is: models, embeddings, and the way to the internet."""

from __future__ import annotations

import logging

from bot.settings import Settings
from embeddings.catalog import BUILT_IN, read_catalog
from embeddings.library import Library
from services.checkpoints import read_shelf
from services.errors import UnknownName
from services.library.conversions import Conversions
from services.library.transfers import Transfers
from services.stock import EmbeddingLimits, Stock, Stocks

log = logging.getLogger(__name__)


def transfers_of(settings: Settings) -> Transfers:
    """How files are downloaded."""
    return Transfers(tokens=settings.download_tokens, proxy=settings.https_proxy or None)


def conversions_of(settings: Settings) -> Conversions:
    """How embeddings in other formats come into the library."""
    folders = [folder for folder in settings.embedding_folders if folder != settings.converted_folder]
    return Conversions(folders, settings.converted_folder)


def read_stock(settings: Settings) -> Stock:
    """The models, and the installed embeddings with the catalog: the built-in one and the operator's additions."""
    library = Library(read_catalog((BUILT_IN, settings.embedding_folders[-1])))
    conversions = conversions_of(settings)
    try:
        conversions.update()
    except OSError as error:
        log.warning("cannot convert embeddings: %s", error)
    library.scan(settings.embedding_folders)
    library.problems.extend(conversions.problems)
    return Stock(
        library=library,
        shelf=read_shelf(settings.checkpoint_folder, settings.more_checkpoints),
        limits=EmbeddingLimits(settings.embeddings_min, settings.embeddings_max),
        default_model=settings.default_model,
    )


def read_stocks(settings: Settings) -> Stocks:
    """The stock of every server."""
    stocks = Stocks(read_stock(settings), settings.server_embeddings_folder)
    for guild_id, folder in stocks.folders().items():
        stocks.own_library(guild_id).scan([folder])
    return stocks


def default_model_problem(stock: Stock) -> str | None:
    """Why members who choose no model get another one than the operator's settings say."""
    wanted = stock.default_model
    if stock.has_model(wanted):
        return None
    actual = next((model.title for model in stock.shelf.installed), None)
    members = f"members who choose no model get {actual}" if actual else "there is no model to draw with"
    try:
        model = stock.shelf.find(wanted)
    except UnknownName:
        return f"DEFAULT_MODEL={wanted} isn't a model that I know, so {members}; check its spelling"
    return f"DEFAULT_MODEL={wanted} isn't installed, so {members}; `python -m bot install {model.id}` downloads it"


def report_problems(stocks: Stocks) -> None:
    """Log what is broken. None of it keeps the bot from starting."""
    library, shelf = stocks.shared_library, stocks.shared.shelf
    for problem in (*library.catalog.problems, *library.problems, *shelf.problems):
        log.warning("%s: %s", problem.name, problem.reason)
    if (problem := default_model_problem(stocks.shared)) is not None:
        log.warning("%s", problem)
    models = ", ".join(model.id for model in shelf.installed) or "none"
    log.info("%d embeddings, models: %s", len(library), models)
