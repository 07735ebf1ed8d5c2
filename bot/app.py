"""The composition root: opens pool → storage → engine → services → worker, and closes them in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from discord.ext import commands

from bot.client import Client, point_at
from bot.operations.observation import open_observation
from bot.operations.state import Parts
from bot.settings import Settings, engine_environment
from bot.stock import conversions_of, read_stocks, report_problems, transfers_of
from cogs.answers.buttons import Buttons
from cogs.answers.clock import DiscordClock
from cogs.answers.delivery import DiscordDelivery
from cogs.answers.reactions import Reactions
from cogs.answers.voting import Voting
from cogs.compare import Compare
from cogs.completion import Completion
from cogs.components import ExpiredForms
from cogs.embedding.cog import EmbeddingCommands
from cogs.embedding.information import Information
from cogs.embedding.installing import Installs
from cogs.embedding.pages import EmbeddingPages
from cogs.guard import Guard
from cogs.help import Help
from cogs.identify.cog import Identify
from cogs.imagine.cog import Imagine
from cogs.imagine.compose import Compose
from cogs.mending import Mending
from cogs.model import ModelCommands
from cogs.my.cog import MyCommands
from cogs.my.favourites import FavouritesList
from cogs.my.hearts import Hearts
from cogs.permissions import EmbeddingPermissions
from cogs.picture.cog import Pictures
from cogs.preset.cog import PresetCommands
from cogs.preset.reading import PresetReading
from cogs.privacy.cog import PrivacyCommands
from cogs.remedies import Remedies
from cogs.rights import CommandRights
from cogs.settings.cog import SettingsCommands
from cogs.settings.scope import Scopes
from services.defaults import Defaults
from services.drafts import Drafts
from services.engine.process import Engine
from services.favourites import Favourites
from services.infotext.identifier import Identifier
from services.library.conversions import Conversions
from services.library.downloads import MAX_EMBEDDING_BYTES, Downloads
from services.library.installer import Installer, Quota
from services.library.models import ModelWatch
from services.pictures.store import PictureStore
from services.policies import Policies
from services.presets import Presets
from services.privacy import Privacy
from services.queue.generation import Generation
from services.queue.line import Line
from services.queue.samples import Samples
from services.queue.upkeep import Upkeep
from services.queue.worker import Worker
from services.stock import Stocks
from services.storage import EmbeddedPostgres, Storage, open_storage
from services.storage.retries import retry_while_unavailable
from services.suggestions.autocomplete import Suggestions
from services.suggestions.browsing import Browsing
from services.votes import Votes

log = logging.getLogger(__name__)

#: container runtimes kill a process ten seconds after they asked it to stop
WIND_DOWN = 8.0  # seconds
#: a database that is started together with the bot may take longer than the bot
DATABASE_PATIENCE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class App:
    """Everything that runs."""

    client: Client
    line: Line
    worker: Worker
    generation: Generation
    delivery: DiscordDelivery
    storage: Storage
    installer: Installer
    upkeep: Upkeep
    privacy: Privacy
    votes: Votes
    models: ModelWatch
    conversions: Conversions

    async def wind_down(self) -> None:
        """Let the running batch finish and arrive, or put it back in line; takes at most WIND_DOWN seconds."""
        with suppress(TimeoutError):  # without a database nothing can be put back; the next start does it
            async with asyncio.timeout(WIND_DOWN * 0.8):
                await self.worker.wind_down(WIND_DOWN * 0.6)
        await self.delivery.wind_down(WIND_DOWN * 0.2)


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """The whole bot, built but not connected to Discord."""
    if settings.discord_api_base:
        point_at(settings.discord_api_base, settings.discord_gateway)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        observation = await stack.enter_async_context(open_observation(settings))
        url = settings.database_url.get_secret_value()
        if not url:
            url = (await stack.enter_async_context(EmbeddedPostgres(settings.data_dir / "postgresql"))).url
        storage = await stack.enter_async_context(
            open_storage(url, patience=DATABASE_PATIENCE, events=observation.events)
        )
        stocks = read_stocks(settings)
        report_problems(stocks)
        engine = Engine(
            environment=engine_environment(),
            device=settings.engine_device,
            resident_checkpoints=settings.resident_checkpoints,
            patience=settings.engine_patience,
            events=observation.events,
        )
        stack.push_async_callback(engine.close)
        clock = DiscordClock()
        clock.follow(observation.trace)
        client = Client(observation.traffic, heartbeat_timeout=settings.gateway_patience, http_trace=observation.trace)
        await stack.enter_async_context(client)
        app = await _assemble(settings, storage, stocks, engine, client, clock)
        stack.push_async_callback(app.delivery.close)
        observation.watch(
            Parts(
                client=client,
                storage=storage,
                engine=engine,
                line=app.line,
                stocks=stocks,
                data_dir=settings.data_dir,
                batch_pictures=settings.batch_pictures,
            )
        )
        yield app


async def _assemble(
    settings: Settings, storage: Storage, stocks: Stocks, engine: Engine, client: Client, clock: DiscordClock
) -> App:
    """Build the services, bottom up, and give the client its cogs."""
    stock = stocks.shared
    pictures = PictureStore(
        settings.data_dir / "pictures",
        max_bytes=int(settings.pictures_gb * 1024**3),
        max_age=timedelta(days=settings.pictures_days),
    )
    delivery = DiscordDelivery(client=client, clock=clock, jobs=storage.jobs, pictures=pictures, stocks=stocks)
    line = Line(delivery, per_member=settings.waits_per_member)
    worker = Worker(
        line=line,
        engine=engine,
        jobs=storage.jobs,
        pictures=pictures,
        stock=stock,
        delivery=delivery,
        batch_pictures=settings.batch_pictures,
    )
    presets = Presets(storage.presets, stocks)
    await retry_while_unavailable(presets.load)()
    defaults = Defaults(storage.defaults)
    generation = Generation(
        stocks=stocks, presets=presets, defaults=defaults, jobs=storage.jobs, line=line, delivery=delivery
    )
    privacy = Privacy(
        personal=storage.personal,
        line=line,
        delivery=delivery,
        pictures=pictures,
        keep_text=timedelta(days=settings.rows_days),
    )
    suggestions = Suggestions(stocks)
    policies = Policies(store=storage.policies, audit=storage.audit, stocks=stocks, suggestions=suggestions)
    await retry_while_unavailable(policies.load)()
    suggestions.prepare()
    permissions = EmbeddingPermissions(policies, settings.operators)
    installer = Installer(
        stocks=stocks,
        folders=settings.embedding_folders,
        downloads=Downloads(settings.embedding_hosts, max_bytes=MAX_EMBEDDING_BYTES, transfers=transfers_of(settings)),
        audit=storage.audit,
        presets=storage.presets,
        suggestions=suggestions,
        quota=Quota(settings.server_embeddings, settings.server_embeddings_mb * 1024**2),
    )
    samples = Samples(engine=engine, line=line, stock=stock, folder=settings.data_dir / "samples")
    rights = CommandRights(client, client.command_tree.ids)
    guard = Guard(stocks=stocks, rights=rights)
    votes = Votes(storage.votes)
    completion = Completion(suggestions=suggestions, generation=generation, votes=votes)
    drafts, remedies = Drafts(storage.drafts), Remedies()
    imagine = Imagine(generation=generation, completion=completion, presets=presets, drafts=drafts, limits=stock.limits)
    compare = Compare(generation=generation, completion=completion, drafts=drafts)
    favourites = Favourites(store=storage.favourites, pictures=pictures, stocks=stocks)
    identifier = Identifier(stocks)
    buttons = Buttons(client=client, generation=generation)
    for cog in (
        imagine,
        Help(stocks=stocks, samples=samples),
        Compose(client=client, imagine=imagine, completion=completion, presets=presets),
        compare,
        remedies,
        Mending(client=client, remedies=remedies, drafts=drafts, imagine=imagine, compare=compare),
        Identify(client=client, identifier=identifier, imagine=imagine, generation=generation),
        Pictures(buttons=buttons, identifier=identifier, imagine=imagine, generation=generation, stocks=stocks),
        *_embedding_cogs(stocks, client, suggestions, installer, permissions, samples, votes, remedies),
        ModelCommands(stocks=stocks),
        MyCommands(defaults=defaults, stocks=stocks),
        FavouritesList(client=client, favourites=favourites),
        Hearts(client=client, generation=generation, favourites=favourites, stocks=stocks, guard=guard),
        PresetCommands(presets=presets, completion=completion),
        PresetReading(presets),
        SettingsCommands(client=client, scopes=Scopes(policies, permissions), stocks=stocks),
        PrivacyCommands(client=client, privacy=privacy),
        rights,
        guard,
        buttons,
        Voting(client=client, generation=generation, votes=votes),
        ExpiredForms(),
        Reactions(client=client, generation=generation, guard=guard),
    ):
        await client.add_cog(cog)
    upkeep = Upkeep(jobs=storage.jobs, line=line, delivery=delivery, pictures=pictures)
    return App(
        client=client,
        line=line,
        worker=worker,
        generation=generation,
        delivery=delivery,
        storage=storage,
        installer=installer,
        upkeep=upkeep,
        privacy=privacy,
        votes=votes,
        models=ModelWatch(stocks, suggestions),
        conversions=conversions_of(settings),
    )


def _embedding_cogs(
    stocks: Stocks,
    client: Client,
    suggestions: Suggestions,
    installer: Installer,
    permissions: EmbeddingPermissions,
    samples: Samples,
    votes: Votes,
    remedies: Remedies,
) -> Sequence[commands.Cog]:
    installs = Installs(client=client, stocks=stocks, installer=installer, permissions=permissions, remedies=remedies)
    pages = EmbeddingPages(client=client, browsing=Browsing(stocks), installs=installs)
    commands_ = EmbeddingCommands(
        stocks=stocks,
        suggestions=suggestions,
        pages=pages,
        installs=installs,
        installer=installer,
        information=Information(stocks=stocks, installer=installer, installs=installs, samples=samples, votes=votes),
        permissions=permissions,
    )
    return installs, pages, commands_
