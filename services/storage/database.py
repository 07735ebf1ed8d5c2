"""Opening the database: the connection pool, the schema, and the stores on top."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from services.storage.audit import AuditStore
from services.storage.jobs import JobStore
from services.storage.migrate import migrate
from services.storage.pool import OUTAGES, Pool, open_connections
from services.storage.presets import PresetStore

POOL_SIZE = 10


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores, and the pool that they share."""

    pool: Pool
    jobs: JobStore
    presets: PresetStore
    audit: AuditStore

    async def version(self) -> str:
        """The version that the server reports, as in "18.1"."""
        return await self.pool.fetchval("SELECT current_setting('server_version')")


@asynccontextmanager
async def open_storage(url: str, *, patience: float = 0.0) -> AsyncIterator[Storage]:
    """Connect, bring the schema up to date, and close everything on exit.

    Waits up to `patience` seconds for a server, then raises what the driver raised last.
    """
    async with open_connections(url, size=POOL_SIZE, init=_use_json) as connections:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(OUTAGES), wait=wait_fixed(0.5), stop=stop_after_delay(patience), reraise=True
        ):
            with attempt:
                async with connections.acquire() as connection:
                    await migrate(connection)  # pyright: ignore[reportArgumentType] - a proxy for a connection
        pool = Pool(connections)
        yield Storage(pool, JobStore(pool), PresetStore(pool), AuditStore(pool))


async def _use_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
