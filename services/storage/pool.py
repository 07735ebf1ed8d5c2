"""The connections to the database, and the one place that knows how it looks when the database is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncpg

from services.errors import Unavailable

T = TypeVar("T")

#: Discord waits three seconds for an answer, and a statement here takes milliseconds
STATEMENT_TIMEOUT = 2.0  # seconds
#: a server that is not there, is starting or ending, or was lost in the middle of something
AWAY = (
    OSError,  # TimeoutError among them
    asyncpg.InterfaceError,  # of a connection that was closed under the statement, or between two of its steps
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)


class Pool:
    """Runs statements; each ends within STATEMENT_TIMEOUT, with its result or with Unavailable.

    After Unavailable nobody knows whether the statement ran.
    """

    def __init__(self, connections: asyncpg.Pool) -> None:
        self._connections = connections

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        return await self._run(self._connections.fetch(query, *values))

    async def fetchrow(self, query: str, *values: object) -> asyncpg.Record | None:
        return await self._run(self._connections.fetchrow(query, *values))

    async def fetchval(self, query: str, *values: object) -> Any:
        return await self._run(self._connections.fetchval(query, *values))

    async def execute(self, query: str, *values: object) -> str:
        """Returns the server's own word for what was done: "UPDATE 1"."""
        return await self._run(self._connections.execute(query, *values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """Several statements or none of them. Raises Unavailable, but each statement takes the time it takes."""
        with self._told_as_unavailable():
            async with self._connections.acquire(timeout=STATEMENT_TIMEOUT) as connection, connection.transaction():
                yield connection

    async def _run(self, statement: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(statement)
        try:
            done, _ = await asyncio.wait({task}, timeout=STATEMENT_TIMEOUT)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            # a cancelled statement waits for a server that hangs; nobody here does
            task.cancel()
            task.add_done_callback(_forget)
            raise Unavailable
        with self._told_as_unavailable():
            return task.result()

    @contextmanager
    def _told_as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except AWAY as error:
            if self._connections.is_closing():  # by ourselves: asking again is no use
                raise
            raise Unavailable from error


def _forget(task: asyncio.Task[object]) -> None:
    if not task.cancelled():
        task.exception()  # else asyncio would log that nobody asked for it


@asynccontextmanager
async def open_connections(url: str, *, size: int, **options: Any) -> AsyncIterator[asyncpg.Pool]:
    """Up to `size` connections, made when they are needed; `options` are asyncpg's."""
    connections = await asyncpg.create_pool(
        url, min_size=0, max_size=size, timeout=STATEMENT_TIMEOUT, command_timeout=5 * STATEMENT_TIMEOUT, **options
    )
    try:
        yield connections
    finally:
        # not close(), which waits for statements that hang with their server
        try:
            await asyncio.wait_for(connections.close(), STATEMENT_TIMEOUT)
        except TimeoutError:
            connections.terminate()
