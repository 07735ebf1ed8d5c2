"""Errors of the database that pass are outages, on a real server; everything else is a bug."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.errors import Unavailable
from services.events import Events
from services.storage import EmbeddedPostgres, Storage, open_storage
from services.storage.outages import LOG_INTERVAL, OutageLog, is_outage
from services.storage.pool import Pool, open_connections
from tests.builders import a_plan, a_target
from tests.services.storage.rows import added

#: the server itself sends these, as it would with a full disk or a failing one
_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'simulated' USING ERRCODE = '{}'; END $$"


@pytest.fixture
async def outside(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that isn't in the bot's pool."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    "state",
    [
        "08000",
        "08001",
        "08003",
        "08004",
        "08006",
        "08007",
        "08P01",
        "25006",
        "25P03",
        "25P04",
        "40000",
        "40001",
        "40P01",
        "40003",
        "53000",
        "53100",
        "53200",
        "53300",
        "53400",
        "55P03",
        "57000",
        "57014",
        "57P01",
        "57P02",
        "57P03",
        "57P05",
        "58030",
    ],
)
async def test_errors_that_pass_are_outages(storage: Storage, state: str) -> None:
    with pytest.raises(Unavailable):
        await storage.pool.execute(_RAISE.format(state))


@pytest.mark.parametrize(
    "state", ["22003", "22P02", "23502", "23505", "3D000", "42501", "42601", "42P01", "P0001", "XX000"]
)
async def test_errors_that_stay_are_not(storage: Storage, state: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await storage.pool.execute(_RAISE.format(state))
    assert getattr(caught.value, "sqlstate", None) == state


async def test_a_wrong_argument_is_a_bug(storage: Storage) -> None:
    with pytest.raises(asyncpg.DataError):
        await storage.pool.fetchval("SELECT $1::integer", "x")


async def test_a_read_only_database_is_an_outage(storage: Storage, outside: asyncpg.Connection) -> None:
    """A standby looks like this, and so does a server that ran out of disk and was protected by its host."""
    job = await added(storage.jobs)
    async with _setting(outside, "default_transaction_read_only", "on"):
        assert await storage.jobs.get(job.id) == job
        for write in (storage.jobs.add(a_plan(), a_target()), storage.jobs.cancel(job.id), storage.jobs.orphaned([])):
            with pytest.raises(Unavailable):
                await write
    assert await storage.jobs.cancel(job.id)


async def test_the_servers_own_statement_timeout_is_an_outage(storage: Storage, outside: asyncpg.Connection) -> None:
    async with _setting(outside, "statement_timeout", "50ms"):
        with pytest.raises(Unavailable):
            await storage.pool.fetchval("SELECT pg_sleep(1)")


async def test_a_statement_that_an_administrator_cancels_is_an_outage(
    storage: Storage, outside: asyncpg.Connection
) -> None:
    sleeping = asyncio.create_task(storage.pool.fetchval("SELECT pg_sleep(1)"))
    await asyncio.sleep(0.2)
    await outside.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)'")
    with pytest.raises(Unavailable):
        await sleeping


async def test_a_lock_timeout_is_an_outage(storage: Storage, outside: asyncpg.Connection) -> None:
    job = await added(storage.jobs)
    async with _setting(outside, "lock_timeout", "50ms"), outside.transaction():
        await outside.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", job.id)
        with pytest.raises(Unavailable):
            await storage.jobs.cancel(job.id)


async def test_a_deadlock_is_an_outage_for_its_victim(storage: Storage) -> None:
    first, second = await added(storage.jobs), await added(storage.jobs)
    have_locked = asyncio.Barrier(2)

    async def lock(*ids: int) -> None:
        async with storage.pool.transaction() as connection:
            await connection.execute("SET LOCAL deadlock_timeout = '50ms'")
            await connection.execute("UPDATE jobs SET reply_id = 1 WHERE id = $1", ids[0])
            await have_locked.wait()
            await connection.execute("UPDATE jobs SET reply_id = 1 WHERE id = $1", ids[1])

    ended = await asyncio.gather(lock(first.id, second.id), lock(second.id, first.id), return_exceptions=True)
    assert sorted(type(error).__name__ for error in ended) == ["NoneType", "Unavailable"]


async def test_too_many_connections_are_an_outage(storage: Storage, database_url: str) -> None:
    """Of a role, since superusers are exempt from the server's own limit."""
    await storage.pool.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 1")
    try:
        only = await asyncpg.connect(database_url, user="crowded")
        async with open_connections(database_url, size=1, user="crowded") as connections:
            pool = Pool(connections, Events())
            with pytest.raises(Unavailable):
                await pool.fetchval("SELECT 1")
            await only.close()
            assert await _until_available(lambda: pool.fetchval("SELECT 1")) == 1
    finally:
        await storage.pool.execute("DROP ROLE crowded")


async def test_opening_waits_for_a_database_that_can_be_written(
    postgres: EmbeddedPostgres, blank_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = blank_url.partition("?")[0].rpartition("/")[2]
    administrator = await asyncpg.connect(postgres.url)
    await administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    opening = asyncio.create_task(_open(blank_url))
    await asyncio.sleep(1)
    assert not opening.done()
    assert caplog.text.count("the database is unavailable: ReadOnlySQLTransactionError") == 1
    await administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    # what is connected keeps the setting
    await administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await administrator.close()
    await asyncio.wait_for(opening, 10)


async def test_an_outage_is_logged_once_a_minute_for_each_reason(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    outage_log = OutageLog()
    for _ in range(5):
        outage_log.report(asyncpg.DiskFullError("no space left on device"))
        outage_log.report(ConnectionRefusedError())
    assert [record.message for record in caplog.records] == [
        "the database is unavailable: DiskFullError: no space left on device",
        "the database is unavailable: ConnectionRefusedError",
    ]
    now += LOG_INTERVAL
    outage_log.report(ConnectionRefusedError())
    assert len(caplog.records) == 3


def test_a_wrong_address_is_not_an_outage() -> None:
    assert not is_outage(asyncpg.ClientConfigurationError("invalid DSN"))


@asynccontextmanager
async def _setting(outside: asyncpg.Connection, name: str, value: str) -> AsyncIterator[None]:
    """Change a setting of the database for every connection of the pool."""
    database = await outside.fetchval("SELECT current_database()")
    await outside.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")
    await _disconnect_others(outside)
    yield
    await outside.execute(f"ALTER DATABASE {database} RESET {name}")
    await _disconnect_others(outside)


async def _disconnect_others(outside: asyncpg.Connection) -> None:
    """Settings of a database apply to new connections."""
    await outside.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.1)


async def _open(url: str) -> None:
    async with open_storage(url, patience=30):
        pass


async def _until_available(read: Callable[[], Awaitable[object]]) -> object:
    for _ in range(50):
        try:
            return await read()
        except Unavailable:
            await asyncio.sleep(0.1)
    return pytest.fail("it did not become available again")
