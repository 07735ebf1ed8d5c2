"""Migrations: from nothing, from every older version, repeated, by two processes at once, and never half-applied."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from safetensors.numpy import save

from services.storage import open_storage
from services.storage.migrate import Migration, NewerSchema, migrate, read_migrations
from tests.builders import REPOSITORY, a_placed, a_plan

ALL = [migration.name for migration in read_migrations()]
ONE = Migration(1, "0001_one.sql", "CREATE TABLE one (n integer); INSERT INTO one VALUES (1)")
TWO = Migration(2, "0002_two.sql", "ALTER TABLE one ADD COLUMN m integer NOT NULL DEFAULT 2")

_MIGRATE = """
import asyncio, sys
import asyncpg
from services.storage import open_storage
from services.storage.migrate import migrate
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    print(",".join(await migrate(connection)), flush=True)
asyncio.run(main())
"""


@pytest.fixture
async def blank(blank_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(blank_url)
    yield connection
    await connection.close()


async def test_a_blank_database_gets_every_migration_once(blank: asyncpg.Connection) -> None:
    assert await migrate(blank) == ALL
    assert await migrate(blank) == []
    tables = await blank.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert {row["table_name"] for row in tables} == {
        "vectors",
        "jobs",
        "presets",
        "default_presets",
        "audit",
        "policies",
        "votes",
        "drafts",
        "member_defaults",
        "favourites",
        "gallery",
        "migrations",
    }
    ledger = await blank.fetch("SELECT number, name FROM migrations ORDER BY number")
    assert [tuple(row) for row in ledger] == list(enumerate(ALL, start=1))


async def test_two_processes_at_once_apply_each_migration_once(blank_url: str, blank: asyncpg.Connection) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _MIGRATE,
            blank_url,
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(output.decode().strip() for output, _ in outputs) == ["", ",".join(ALL)]
    assert await blank.fetchval("SELECT count(*) FROM migrations") == len(ALL)


async def test_upgrading_keeps_rows(blank: asyncpg.Connection) -> None:
    assert await migrate(blank, [ONE]) == ["0001_one.sql"]
    assert await migrate(blank, [ONE, TWO]) == ["0002_two.sql"]
    assert [tuple(row) for row in await blank.fetch("SELECT n, m FROM one")] == [(1, 2)]


#: rows as each version could have written them, on top of those of the versions before it
WRITTEN_BY = {
    1: """
        INSERT INTO jobs (state, parameters, channel_id, member_id, message_id, finished_at)
        VALUES ('queued', '{}', 1, 1, NULL, NULL), ('running', '{}', 1, 1, NULL, NULL), ('rendered', '{}', 1, 1, NULL, now()),
               ('delivered', '{}', 1, 1, 7, now()), ('failed', '{}', 1, 1, NULL, now()), ('cancelled', '{}', 1, 1, NULL, NULL);
        INSERT INTO presets (guild_id, name, request, author_id) VALUES (1, 'clean', '{"cfg": 5}', 2);
        INSERT INTO default_presets (guild_id, name) VALUES (1, 'clean');
    """,
    2: "INSERT INTO audit (member_id, action, subject) VALUES (2, 'install', 'blur')",
    3: """
        UPDATE jobs SET origin = 11, sentence = 'Please try again.' WHERE state = 'failed';
        UPDATE jobs SET origin = -12 WHERE state = 'cancelled';  -- a reaction
    """,
    4: "UPDATE presets SET locked = '{cfg}'",
    5: """
        INSERT INTO vectors (content_hash, data) VALUES ('00', '');
        UPDATE jobs SET parent_id = (SELECT min(id) FROM jobs) WHERE state = 'failed';
    """,
    6: "UPDATE vectors SET used_at = now() - interval '1 day'",
    7: "INSERT INTO policies (guild_id, policy) VALUES (1, '{}')",
    8: "UPDATE jobs SET scores = '{0.5}' WHERE state = 'delivered'",
    10: "INSERT INTO drafts (member_id, draft) VALUES (3, '{}')",
    9: "INSERT INTO votes (job_id, member_id, column_at) SELECT id, 3, 0 FROM jobs LIMIT 1",
}


@pytest.mark.parametrize("version", range(1, len(ALL)))
async def test_every_older_version_can_be_upgraded(blank: asyncpg.Connection, version: int) -> None:
    shipped = read_migrations()
    for number in range(1, version + 1):
        await migrate(blank, shipped[:number])
        await blank.execute(WRITTEN_BY[number])
    assert await migrate(blank) == ALL[version:]
    assert await migrate(blank) == []
    states = [row["state"] for row in await blank.fetch("SELECT state FROM jobs ORDER BY id")]
    assert states == ["queued", "running", "rendered", "delivered", "failed", "cancelled"]
    unanswered = [
        row["state"] for row in await blank.fetch("SELECT state FROM jobs WHERE answered_at IS NULL ORDER BY id")
    ]
    assert unanswered[:3] == ["queued", "running", "rendered"]
    if version < 3:  # before version 3, jobs that had ended counted as answered
        assert len(unanswered) == 3
    assert await blank.fetchval("SELECT name FROM default_presets JOIN presets USING (guild_id, name)") == "clean"
    assert await blank.fetchval("SELECT cardinality(locked) FROM presets") == (1 if version >= 4 else 0)
    origins = await blank.fetch("SELECT origin FROM jobs WHERE origin IS NOT NULL ORDER BY id")
    assert [row["origin"] for row in origins] == (["interaction:11", "reaction:12"] if version >= 3 else [])
    assert await blank.fetchval("SELECT count(*) FROM audit") == (1 if version >= 2 else 0)


@pytest.mark.parametrize("version", range(1, len(ALL) + 1))
async def test_a_job_from_every_older_version_can_be_resumed(
    blank: asyncpg.Connection, blank_url: str, version: int
) -> None:
    """Its plan and vectors are the same, bit for bit."""
    placed = a_placed("blur", strength=0.7, vectors=3)
    plan = a_plan(embeddings=(placed,), negative="(dull:1.2)")
    await migrate(blank, read_migrations()[:version])
    await blank.execute("INSERT INTO vectors VALUES ($1, $2)", placed.content_hash, save(dict(placed.vectors)))
    await blank.execute(
        "INSERT INTO jobs (state, parameters, channel_id, member_id) VALUES ('running', $1, 3, 4)",
        json.dumps(plan.as_json()),
    )
    async with open_storage(blank_url) as storage:
        assert await storage.jobs.requeue_running() == 1
        (job,) = await storage.jobs.unanswered()
        (loaded,) = await storage.jobs.load_plans([job])
        assert loaded == plan
        assert loaded.embeddings[0].vectors["clip_demo"].tobytes() == placed.vectors["clip_demo"].tobytes()
        assert await storage.jobs.claim([job.id]) == {job.id}
        assert await storage.jobs.mark_rendered(job.id, ["a.png"], 1.0) is not None


async def test_a_failed_migration_is_rolled_back(blank: asyncpg.Connection) -> None:
    broken = Migration(2, "0002_broken.sql", "CREATE TABLE half (n integer); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(blank, [ONE, broken])
    assert await blank.fetchval("SELECT to_regclass('half')") is None
    assert await migrate(blank, [ONE, TWO]) == ["0002_two.sql"]


async def test_a_newer_schema_is_refused(blank: asyncpg.Connection) -> None:
    await migrate(blank, [ONE, TWO])
    with pytest.raises(
        NewerSchema, match="The database has schema 2, but this version only knows up to 1: update the bot"
    ):
        await migrate(blank, [ONE])
    # the lock was released
    assert await asyncio.wait_for(migrate(blank, [ONE, TWO]), 5) == []


@pytest.mark.parametrize(
    "names", [["0002_two.sql"], ["0001_one.sql", "0003_three.sql"], ["0001_one.sql", "0001_uno.sql"]]
)
def test_gaps_and_duplicates_in_the_numbering_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match="must be numbered 1 to"):
        read_migrations(tmp_path)


def test_every_shipped_file_is_a_migration_and_says_why_it_exists() -> None:
    folder = REPOSITORY / "services" / "storage" / "migrations"
    assert sorted(path.name for path in folder.glob("*.sql")) == ALL
    assert all(migration.sql.startswith("-- Why: ") for migration in read_migrations())
