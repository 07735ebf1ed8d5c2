"""Opening the database: migrated, in one pool, and usable again after a connection was lost."""

from __future__ import annotations

import asyncio

import asyncpg

from services.storage import Storage, open_storage
from services.storage.migrate import read_migrations
from tests.builders import a_plan, a_target


async def test_a_blank_database_is_migrated_when_it_is_opened(blank_url: str) -> None:
    async with open_storage(blank_url) as storage:
        assert await storage.pool.fetchval("SELECT count(*) FROM migrations") == len(read_migrations())
        assert await storage.jobs.open() == []
        assert (await storage.version()).partition(".")[0] == "18"


async def test_two_that_open_at_once_do_not_hinder_each_other(blank_url: str) -> None:
    async with open_storage(blank_url) as one, open_storage(blank_url) as other:
        job = await one.jobs.add(a_plan(), a_target(), parent_id=None, hints=())
        assert await other.jobs.get(job.id) == job


async def test_lost_connections_are_replaced(storage: Storage, database_url: str) -> None:
    await asyncio.gather(*(storage.pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(5)))
    outside = await asyncpg.connect(database_url)
    ended = await outside.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await outside.close()
    assert len(ended) == 5
    await asyncio.sleep(0.2)
    assert await asyncio.gather(*(storage.jobs.open() for _ in range(8))) == [[]] * 8
