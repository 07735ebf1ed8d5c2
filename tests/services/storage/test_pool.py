"""Statements end in time whatever the server does, and outages are reported as Unavailable."""

from __future__ import annotations

import asyncio
import re
import time

import asyncpg
import pytest

from services.errors import Unavailable
from services.storage import DatabaseUnusable, Storage, open_storage
from services.storage.pool import STATEMENT_TIMEOUT
from services.storage.retries import retry_while_unavailable
from tests.sentences.storage import DATABASE_UNAVAILABLE

_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_a_slow_statement_is_abandoned(storage: Storage) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable, match=re.escape(DATABASE_UNAVAILABLE)):
        await storage.pool.fetchval("SELECT pg_sleep(30)")
    assert time.monotonic() - started < STATEMENT_TIMEOUT + 1
    assert await storage.pool.fetchval("SELECT 1") == 1


async def test_a_connection_lost_during_a_statement_is_an_outage(storage: Storage, database_url: str) -> None:
    outside = await asyncpg.connect(database_url)
    sleeping = asyncio.create_task(storage.pool.execute("SELECT pg_sleep(1)"))
    await asyncio.sleep(0.2)
    await outside.execute(_END_OTHERS)
    await outside.close()
    with pytest.raises(Unavailable):
        await sleeping


async def test_a_faulty_statement_is_not_an_outage(storage: Storage) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await storage.pool.execute("SELECT * FROM nothing")


async def test_an_interrupted_transaction_is_rolled_back(storage: Storage, database_url: str) -> None:
    outside = await asyncpg.connect(database_url)

    async def write_half() -> None:
        async with storage.pool.transaction() as connection:
            await connection.execute("INSERT INTO audit (member_id, action, subject) VALUES (1, 'install', 'blur')")
            await outside.execute(_END_OTHERS)
            await connection.execute("SELECT 1")

    with pytest.raises(Unavailable):
        await write_half()
    await outside.close()
    assert await storage.audit.latest() == []


async def test_a_retried_statement_succeeds_once_the_server_is_back(storage: Storage, database_url: str) -> None:
    tries: list[int] = []

    @retry_while_unavailable
    async def ask() -> int:
        tries.append(1)
        return await storage.pool.fetchval("SELECT 5 FROM pg_sleep($1)", 0.4 if len(tries) == 1 else 0)

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.2)
    outside = await asyncpg.connect(database_url)
    await outside.execute(_END_OTHERS)
    await outside.close()
    assert await asking == 5
    assert len(tries) == 2


async def test_a_closed_storage_is_not_retried(database_url: str) -> None:
    async with open_storage(database_url) as storage:
        pass
    with pytest.raises(asyncpg.InterfaceError):
        await asyncio.wait_for(storage.jobs.mark_answered(1), 5)  # pyright: ignore[reportArgumentType]


async def test_opening_waits_for_the_server_as_long_as_it_is_allowed_to() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    started = time.monotonic()
    with pytest.raises(DatabaseUnusable, match=r"The database can't be used: .*127\.0\.0\.1"):
        async with open_storage(nowhere, patience=1.2):
            pass
    assert 1 < time.monotonic() - started < 10
