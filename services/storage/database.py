"""Opening the database: the connection pool, the schema, and the stores on top."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_delay, wait_fixed

from services.events import Events
from services.storage.audit import AuditStore
from services.storage.defaults import DefaultsStore
from services.storage.drafts import DraftStore
from services.storage.favourites import FavouriteStore
from services.storage.jobs import JobStore
from services.storage.migrate import migrate
from services.storage.outages import OUTAGES, OutageLog, is_outage, reason_for
from services.storage.personal import PersonalData
from services.storage.policies import PolicyStore
from services.storage.pool import Pool, open_connections
from services.storage.presets import PresetStore
from services.storage.votes import VoteStore

POOL_SIZE = 10


#: what the driver raises for wrong settings, so that waiting is pointless
MISCONFIGURED = (
    asyncpg.ClientConfigurationError,  # an address that makes no sense
    asyncpg.InvalidAuthorizationSpecificationError,  # wrong user or password
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.InsufficientPrivilegeError,
)


class DatabaseUnusable(Exception):
    """The database can't be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores, and the pool that they share."""

    pool: Pool
    jobs: JobStore
    presets: PresetStore
    audit: AuditStore
    personal: PersonalData
    policies: PolicyStore
    votes: VoteStore
    drafts: DraftStore
    defaults: DefaultsStore
    favourites: FavouriteStore

    async def version(self) -> str:
        """The version that the server reports, as in "18.1"."""
        return await self.pool.fetchval("SELECT current_setting('server_version')")


@asynccontextmanager
async def open_storage(url: str, *, patience: float = 0.0, events: Events | None = None) -> AsyncIterator[Storage]:
    """Connect, bring the schema up to date, and close everything on exit.

    Raises: DatabaseUnusable, if an outage lasts for more than `patience` seconds, and at once if the address, the user or
    its rights are wrong; NewerSchema.
    """
    async with AsyncExitStack() as stack:
        try:
            connections = await stack.enter_async_context(open_connections(url, size=POOL_SIZE, init=_use_json))
            await _migrate_when_up(connections, patience)
        except (*OUTAGES, *MISCONFIGURED) as error:
            raise DatabaseUnusable(f"The database can't be used: {reason_for(error)}") from error
        events = events or Events()
        pool = Pool(connections, events)
        yield Storage(
            pool=pool,
            jobs=JobStore(pool, events),
            presets=PresetStore(pool),
            audit=AuditStore(pool),
            personal=PersonalData(pool),
            policies=PolicyStore(pool),
            votes=VoteStore(pool),
            drafts=DraftStore(pool),
            defaults=DefaultsStore(pool),
            favourites=FavouriteStore(pool),
        )


async def _migrate_when_up(connections: asyncpg.Pool, patience: float) -> None:
    outage_log = OutageLog()

    def report(state: RetryCallState) -> None:
        if state.outcome and (error := state.outcome.exception()):
            outage_log.report(error)

    async for attempt in AsyncRetrying(
        retry=retry_if_exception(is_outage),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(patience),
        before_sleep=report,
        reraise=True,
    ):
        with attempt:
            async with connections.acquire() as connection:
                await migrate(connection)  # pyright: ignore[reportArgumentType] - a proxy for a connection


async def _use_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
