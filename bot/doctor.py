"""Check everything the bot depends on, and say how to fix each problem."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import Enum

import discord
from rich.console import Console

from bot.client import REQUIRED_PERMISSIONS
from bot.invitation import NotLoggedIn, invitation_of, logged_in
from bot.settings import Settings, engine_environment
from bot.stock import default_model_problem, read_stock, read_stocks
from embeddings.library import Library
from services.checkpoints import Shelf, read_shelf
from services.checkpoints.memory import weights_memory
from services.engine.messages import Ready, RenderRequest
from services.engine.process import Engine
from services.errors import EngineError, UserError
from services.library.obtaining import missing_recommendations
from services.planning.fit import usable_with
from services.storage import EmbeddedPostgres, open_storage

LOW_DISK = 2 * 1024**3  # bytes
#: the share of a device's memory that weights may use, since rendering needs some too
MAX_WEIGHTS_SHARE = 0.8


class Health(Enum):
    """How a finding is marked. Only BROKEN keeps the bot from working."""

    FINE = "[green]✓[/]"
    NOTE = "[dim]·[/]"
    WARNING = "[yellow]![/]"
    BROKEN = "[red]✗[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; a problem's text says how to fix it."""

    subject: str
    health: Health
    text: str


Check = Callable[[Settings], AsyncIterator[Finding]]


async def examine(settings: Settings) -> bool:
    """Run all checks and print each finding as it comes. Returns whether the bot can run."""
    console, can_run = Console(soft_wrap=True, highlight=False), True
    for check in (_folders, _database, _models, _embeddings, _engine, _discord):
        async for finding in check(settings):
            can_run = can_run and finding.health is not Health.BROKEN
            console.print(f"{finding.health.value} [bold]{finding.subject:<10}[/]", end=" ")
            console.print(finding.text, markup=False)
    return can_run


async def _folders(settings: Settings) -> AsyncIterator[Finding]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"can't create {folder} ({error.strerror}): set DATA_DIR to another folder."
        yield Finding("data", Health.BROKEN, text)
        return
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        yield Finding("data", Health.BROKEN, f"{folder} isn't writable: set DATA_DIR to another folder.")
    elif free < LOW_DISK:
        text = f"{folder} has {free / 1024**3:.1f} GB free: free some space, or set DATA_DIR to another disk."
        yield Finding("data", Health.WARNING, text)
    else:
        yield Finding("data", Health.FINE, f"{folder}, {free / 1024**3:.0f} GB free")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url.get_secret_value()
    try:
        async with AsyncExitStack() as stack:
            if not url:
                server = EmbeddedPostgres(settings.data_dir / "postgresql")
                url = (await stack.enter_async_context(server)).url
            storage = await stack.enter_async_context(open_storage(url))
            kind = "PostgreSQL" if settings.database_url.get_secret_value() else "embedded PostgreSQL"
            yield Finding("database", Health.FINE, f"{kind} {await storage.version()}, schema up to date")
    except Exception as error:  # whatever the driver raises, the remaining checks must run
        remedy = (
            "check DATABASE_URL, and that its server is running"
            if settings.database_url.get_secret_value()
            else "see postgresql/server.log in the data folder, or set DATABASE_URL to another server"
        )
        yield Finding("database", Health.BROKEN, f"{error or type(error).__name__}: {remedy}.")


async def _models(settings: Settings) -> AsyncIterator[Finding]:
    shelf = read_shelf(settings.checkpoint_folder, settings.more_checkpoints)
    for problem in shelf.problems:
        yield Finding("model", Health.WARNING, f"{problem.name}: {problem.reason}")
    for checkpoint in shelf.installed:
        yield Finding("model", Health.FINE, f"{checkpoint.id} in {shelf.installation(checkpoint.id).weights}")
    for problem in shelf.found.ignored:
        yield Finding("model", Health.NOTE, f"{problem.name} is ignored: {problem.reason}")
    if others := ", ".join(checkpoint.id for checkpoint in shelf if not shelf.is_installed(checkpoint)):
        yield Finding("model", Health.NOTE, f"`python -m bot install NAME` downloads any of these: {others}")


async def _embeddings(settings: Settings) -> AsyncIterator[Finding]:
    stocks = read_stocks(settings)
    library, shelf = stocks.shared_library, stocks.shared.shelf
    for problem in (*library.catalog.problems, *library.problems):
        yield Finding("embedding", Health.WARNING, f"{problem.name}: {problem.reason}")
    for checkpoint in shelf.installed:
        yield _compatible(library, shelf, checkpoint.id, settings)
        missing = [entry.id for entry in missing_recommendations(stocks.shared, checkpoint) if entry.downloads]
        if names := " ".join(missing):
            text = f"recommended for {checkpoint.title} and missing: `python -m bot install {names}` downloads them"
            yield Finding("embedding", Health.NOTE, text)


def _compatible(library: Library, shelf: Shelf, model: str, settings: Settings) -> Finding:
    checkpoint = shelf.find(model)
    names = [embedding.id for embedding in usable_with(checkpoint, library)]
    if not names and settings.embeddings_min:
        wanted = ", ".join(checkpoint.recommended[:3]) or "one trained for it"
        folder = settings.embedding_folders[-1]
        text = f"none fits {checkpoint.title}, so members can't use that model: add {wanted} to {folder}."
        return Finding("embedding", Health.WARNING, text)
    return Finding("embedding", Health.FINE, f"{len(names)} for {checkpoint.title}: {', '.join(names[:4])}")


async def _engine(settings: Settings) -> AsyncIterator[Finding]:
    stock = read_stock(settings)
    shelf = stock.shelf
    if (problem := default_model_problem(stock)) is not None:
        yield Finding("model", Health.WARNING, f"{problem}.")
    engine = Engine(environment=engine_environment(), device=settings.engine_device)
    try:
        checkpoint = stock.installed_checkpoint(None)
        await engine.start()
        assert engine.ready is not None
        yield Finding("engine", *_device(engine.ready.device))
        yield _memory(shelf, engine.ready, settings)
        started = time.perf_counter()
        await engine.render(RenderRequest(checkpoint, shelf.installation(checkpoint.id), ()), lambda _: None)
        yield Finding("engine", Health.FINE, f"{checkpoint.title} loads in {time.perf_counter() - started:.1f} s")
    except (UserError, EngineError) as error:
        yield Finding("engine", Health.BROKEN, str(error))
    finally:
        await engine.close()


def _memory(shelf: Shelf, ready: Ready, settings: Settings) -> Finding:
    """How much memory the resident models use, compared with what the device has."""
    sizes = {
        checkpoint.id: weights_memory(shelf.installation(checkpoint.id), ready.bytes_per_value)
        for checkpoint in shelf.installed
    }
    resident = sum(sorted(sizes.values())[-settings.resident_checkpoints :])
    each = ", ".join(f"{name} {_format_size(size)}" for name, size in sorted(sizes.items()))
    text = (
        f"{each}; RESIDENT_CHECKPOINTS={settings.resident_checkpoints} uses up to {_format_size(resident)} "
        f"of the {_format_size(ready.memory)} on {ready.device}, and rendering needs more on top"
    )
    if resident > ready.memory * MAX_WEIGHTS_SHARE:
        fix = "lower RESIDENT_CHECKPOINTS" if settings.resident_checkpoints > 1 else "remove the largest model"
        return Finding("memory", Health.WARNING, f"{text}: {fix}, or use a device with more memory.")
    return Finding("memory", Health.FINE, text)


def _format_size(size: int) -> str:
    return f"{size / 1024**3:.1f} GB" if size >= 1024**3 else f"{size / 1024**2:.0f} MB"


def _device(name: str) -> tuple[Health, str]:
    if name == "cpu":
        return (
            Health.NOTE,
            "renders on the CPU, which is enough for the demo; other models need a GPU and torch's CUDA build",
        )
    return Health.FINE, f"renders on {name}"


async def _discord(settings: Settings) -> AsyncIterator[Finding]:
    token = settings.discord_token.get_secret_value()
    if not token:
        yield Finding("discord", Health.NOTE, "DISCORD_TOKEN isn't set: `run` needs it, `play` and `try` don't.")
        return
    try:
        async with logged_in(settings) as client:
            text = f"logged in as {client.user}; to invite it, open {invitation_of(client)}"
            yield Finding("discord", Health.FINE, text)
            async for guild in client.fetch_guilds(limit=50):
                yield await _permissions(client, guild.id)
    except NotLoggedIn as error:
        yield Finding("discord", Health.BROKEN, str(error))


async def _permissions(client: discord.Client, guild_id: int) -> Finding:
    guild = await client.fetch_guild(guild_id)
    assert client.user is not None
    own = (await guild.fetch_member(client.user.id)).guild_permissions
    missing = [name.replace("_", " ") for name, required in REQUIRED_PERMISSIONS if required and not getattr(own, name)]
    if missing:
        return Finding(
            "server", Health.WARNING, f"{guild.name}: grant the bot's role these permissions: {', '.join(missing)}."
        )
    return Finding("server", Health.FINE, f"{guild.name}: has all permissions it needs")
