"""The connection pool, which turns outages into Unavailable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncpg

from services.errors import Unavailable
from services.events import Events, StatementRun
from services.storage.outages import OUTAGES, OutageLog, is_outage

T = TypeVar("T")

#: Discord waits three seconds for an answer; statements here normally take milliseconds
STATEMENT_TIMEOUT = 2.0  # seconds


class Pool:
    """Runs statements. Each returns its result or raises Unavailable within STATEMENT_TIMEOUT.

    After Unavailable the statement may or may not have run.
    """

    def __init__(self, connections: asyncpg.Pool, events: Events) -> None:
        self._connections = connections
        self._events = events
        self._outage_log = OutageLog()

    @property
    def max_connections(self) -> int:
        return self._connections.get_max_size()

    @property
    def open_connections(self) -> int:
        return self._connections.get_size()

    @property
    def idle_connections(self) -> int:
        """Open ones that run no statement."""
        return self._connections.get_idle_size()

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        return await self._run(self._connections.fetch(query, *values))

    async def fetchrow(self, query: str, *values: object) -> asyncpg.Record | None:
        return await self._run(self._connections.fetchrow(query, *values))

    async def fetchval(self, query: str, *values: object) -> Any:
        return await self._run(self._connections.fetchval(query, *values))

    async def execute(self, query: str, *values: object) -> str:
        """Returns the server's command tag, as in "UPDATE 1"."""
        return await self._run(self._connections.execute(query, *values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """All of the statements or none. Raises Unavailable; only `command_timeout` limits each statement inside."""
        with self._outages_as_unavailable():
            async with self._connections.acquire(timeout=STATEMENT_TIMEOUT) as connection, connection.transaction():
                yield connection

    async def _run(self, statement: Coroutine[Any, Any, T]) -> T:
        started, is_unavailable = time.perf_counter(), False
        try:
            return await self._within_timeout(statement)
        except Unavailable:
            is_unavailable = True
            raise
        finally:
            self._events.tell(StatementRun(time.perf_counter() - started, is_unavailable))

    async def _within_timeout(self, statement: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(statement)
        try:
            done, _ = await asyncio.wait({task}, timeout=STATEMENT_TIMEOUT)
        except asyncio.CancelledError:
            _abandon(task)
            raise
        if not done:
            _abandon(task)
            self._outage_log.report(TimeoutError(f"no answer within {STATEMENT_TIMEOUT:g} s"))
            raise Unavailable
        with self._outages_as_unavailable():
            return task.result()

    @contextmanager
    def _outages_as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except OUTAGES as error:
            # while we are closing, the reason is our own and retrying is pointless
            if self._connections.is_closing() or not is_outage(error):
                raise
            self._outage_log.report(error)
            raise Unavailable from error


def _abandon(task: asyncio.Task[object]) -> None:
    """Cancel a statement without waiting: cancelling asks the server, which may hang."""
    task.cancel()
    task.add_done_callback(_retrieve_exception)


def _retrieve_exception(task: asyncio.Task[object]) -> None:
    if not task.cancelled():
        task.exception()  # otherwise asyncio logs that it was never retrieved


@asynccontextmanager
async def open_connections(url: str, *, size: int, **options: Any) -> AsyncIterator[asyncpg.Pool]:
    """Up to `size` connections, opened on demand; `options` are passed to asyncpg."""
    connections = await asyncpg.create_pool(
        url, min_size=0, max_size=size, timeout=STATEMENT_TIMEOUT, command_timeout=5 * STATEMENT_TIMEOUT, **options
    )
    try:
        yield connections
    finally:
        # close() alone would wait for statements that hang along with their server
        try:
            await asyncio.wait_for(connections.close(), STATEMENT_TIMEOUT)
        except TimeoutError:
            connections.terminate()
