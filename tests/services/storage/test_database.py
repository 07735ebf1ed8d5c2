"""Opening the database: it is migrated, and lost connections are replaced."""

from __future__ import annotations

import asyncio

import asyncpg

from services.storage import Storage, open_storage
from services.storage.migrate import read_migrations
from tests.builders import a_plan, a_target


async def test_opening_a_blank_database_migrates_it(blank_url: str) -> None:
    async with open_storage(blank_url) as storage:
        assert await storage.pool.fetchval("SELECT count(*) FROM migrations") == len(read_migrations())
        assert await storage.jobs.unanswered() == []
        assert (await storage.version()).partition(".")[0] == "18"


async def test_two_storages_can_share_a_database(blank_url: str) -> None:
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
    assert await asyncio.gather(*(storage.jobs.unanswered() for _ in range(8))) == [[]] * 8
