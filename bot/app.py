"""The composition root: opens pool → storage → engine → services → worker, and closes them in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from bot.client import Client, point_at
from bot.settings import Settings
from cogs.answers.buttons import Buttons
from cogs.answers.delivery import DiscordDelivery
from cogs.answers.reactions import Reactions
from cogs.embedding.cog import MAX_UPLOAD_BYTES, EmbeddingCommands
from cogs.identify.cog import Identify
from cogs.imagine.cog import Imagine
from cogs.model import ModelCommands
from cogs.permissions import Stewards
from cogs.preset.cog import PresetCommands
from embeddings.catalog import BUILT_IN, read_catalog
from embeddings.library import Library
from services.checkpoints import Shelf, read_shelf
from services.engine.process import Engine
from services.infotext.identifier import Identifier
from services.library.downloads import Downloads
from services.library.installer import Installer
from services.library.samples import Samples
from services.pictures.store import PictureStore
from services.planning.picks import EmbeddingLimits
from services.planning.planner import Planner
from services.presets import Presets
from services.presets.rules import PresetRules
from services.queue.fair import FairQueue
from services.queue.generation import Generation
from services.queue.pace import Pace
from services.queue.upkeep import Resuming
from services.queue.worker import Worker
from services.storage import EmbeddedPostgres, Storage, open_storage
from services.suggestions.autocomplete import Suggestions
from services.suggestions.browsing import Browsing

log = logging.getLogger(__name__)

#: container runtimes kill ten seconds after they asked
WIND_DOWN = 8.0  # seconds
#: a database that is started together with the bot may need longer than it
DATABASE_PATIENCE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class App:
    """What runs."""

    client: Client
    worker: Worker
    engine: Engine
    generation: Generation
    delivery: DiscordDelivery
    storage: Storage
    installer: Installer
    resuming: Resuming

    async def wind_down(self) -> None:
        """Let what is being drawn end and arrive, or put it back in line; takes at most WIND_DOWN seconds."""
        with suppress(TimeoutError):  # without a database nothing can be put back; the next start does it
            async with asyncio.timeout(WIND_DOWN * 0.8):
                await self.worker.wind_down(WIND_DOWN * 0.6)
        await self.delivery.wind_down(WIND_DOWN * 0.2)


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Everything built and connected but Discord itself."""
    if settings.discord_api_base:
        point_at(settings.discord_api_base, settings.discord_gateway)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        if not url:
            url = (await stack.enter_async_context(EmbeddedPostgres(settings.data_dir / "postgresql"))).url
        storage = await stack.enter_async_context(open_storage(url, patience=DATABASE_PATIENCE))
        library, shelf = read_library(settings), read_shelf(settings.checkpoint_folder)
        report_problems(library, shelf)
        engine = Engine(
            device=settings.engine_device,
            resident_checkpoints=settings.resident_checkpoints,
            patience=settings.engine_patience,
        )
        stack.push_async_callback(engine.close)
        client = Client(state_folder=settings.data_dir, heartbeat_timeout=settings.gateway_patience)
        await stack.enter_async_context(client)
        yield await _assemble(settings, stack, storage, library, shelf, engine, client)


async def _assemble(
    settings: Settings,
    stack: AsyncExitStack,
    storage: Storage,
    library: Library,
    shelf: Shelf,
    engine: Engine,
    client: Client,
) -> App:
    queue = FairQueue()
    pictures = PictureStore(
        settings.data_dir / "pictures",
        max_bytes=int(settings.pictures_gb * 1024**3),
        max_age=timedelta(days=settings.pictures_days),
    )
    delivery = DiscordDelivery(client=client, jobs=storage.jobs, pictures=pictures, shelf=shelf)
    stack.push_async_callback(delivery.close)
    worker = Worker(
        queue=queue,
        engine=engine,
        jobs=storage.jobs,
        pictures=pictures,
        shelf=shelf,
        delivery=delivery,
        pace=Pace(),
        batch_pictures=settings.batch_pictures,
        default_model=settings.default_model,
    )
    limits = EmbeddingLimits(settings.embeddings_min, settings.embeddings_max)
    presets = Presets(storage.presets, PresetRules(shelf=shelf, library=library, limits=limits))
    await presets.load()
    generation = Generation(
        planner=Planner(shelf=shelf, library=library, limits=limits, default_model=settings.default_model),
        presets=presets,
        jobs=storage.jobs,
        queue=queue,
        worker=worker,
        delivery=delivery,
        waits_per_member=settings.waits_per_member,
    )
    suggestions = Suggestions(shelf=shelf, library=library, default_model=settings.default_model)
    suggestions.prepare()
    installer = Installer(
        library=library,
        folders=settings.embedding_folders,
        audit=storage.audit,
        presets=storage.presets,
        suggestions=suggestions,
    )
    imagine = Imagine(generation=generation, suggestions=suggestions, presets=presets, limits=limits)
    identifier = Identifier(library=library, shelf=shelf, limits=limits, default_model=settings.default_model)
    for cog in (
        imagine,
        Identify(client=client, identifier=identifier, imagine=imagine),
        _embedding_commands(settings, library, shelf, engine, client, suggestions, installer),
        ModelCommands(shelf=shelf),
        PresetCommands(presets=presets, suggestions=suggestions),
        Buttons(client=client, generation=generation),
        Reactions(client=client, generation=generation),
    ):
        await client.add_cog(cog)
    resuming = Resuming(jobs=storage.jobs, queue=queue, worker=worker, delivery=delivery, pictures=pictures)
    return App(client, worker, engine, generation, delivery, storage, installer, resuming)


def _embedding_commands(
    settings: Settings,
    library: Library,
    shelf: Shelf,
    engine: Engine,
    client: Client,
    suggestions: Suggestions,
    installer: Installer,
) -> EmbeddingCommands:
    return EmbeddingCommands(
        client=client,
        library=library,
        shelf=shelf,
        suggestions=suggestions,
        installer=installer,
        browsing=Browsing(library=library, shelf=shelf),
        downloads=Downloads(settings.embedding_hosts, max_bytes=MAX_UPLOAD_BYTES),
        samples=Samples(engine=engine, shelf=shelf, folder=settings.data_dir / "samples"),
        stewards=Stewards(settings.operators),
    )


def read_library(settings: Settings) -> Library:
    """The installed embeddings, under the names of the catalog: the built-in one, and what the operator adds to it."""
    library = Library(read_catalog((BUILT_IN, settings.embedding_folders[-1])))
    library.scan(settings.embedding_folders)
    return library


def report_problems(library: Library, shelf: Shelf) -> None:
    """Name what is broken; nothing of it keeps the bot from starting."""
    for problem in (*library.catalog.problems, *library.problems, *shelf.problems):
        log.warning("%s: %s", problem.name, problem.reason)
    log.info("%d embeddings, models: %s", len(library), ", ".join(one.id for one in shelf.installed) or "none")


async def run(settings: Settings, is_up: asyncio.Event, stop: asyncio.Event) -> None:
    """The bot, until it is told to stop; from `is_up` on it does so in good order.

    Raises: discord.LoginFailure, for a wrong token.
    """
    async with open_app(settings) as app:
        await app.client.login(settings.discord_token.get_secret_value())
        await app.resuming.resume()
        async with asyncio.TaskGroup() as group:  # if one of them ends with an error, so does the bot
            tasks = [
                group.create_task(app.worker.run(), name="worker"),
                group.create_task(app.resuming.tend(), name="open jobs"),
                group.create_task(app.resuming.prune(), name="old pictures"),
                group.create_task(app.generation.learn_uses(), name="uses"),
                group.create_task(app.installer.watch(), name="embeddings folder"),
                group.create_task(app.client.connect(), name="client"),
            ]
            is_up.set()
            await stop.wait()
            await app.wind_down()
            for task in tasks:
                task.cancel()
