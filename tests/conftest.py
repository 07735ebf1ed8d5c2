"""One embedded PostgreSQL server for all tests, and a fresh migrated database for each test that asks for one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

# set before torch is imported: on a busy machine, OpenMP threads that spin while waiting make it ten times slower
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import settings

from services.storage import EmbeddedPostgres, Storage, open_storage
from services.storage.migrate import migrate

# No deadline: on a busy machine single examples are slow, which says nothing about the code.
# In CI the examples are the same every time, so that a new finding doesn't block an unrelated change.
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")

_TEMPLATE = "migrated"
_serial = count(1)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder that the database server's account can reach, whichever account runs the tests."""
    # pytest's tmp_path is closed to other accounts, and PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """The server, with a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    folder.chmod(0o755)
    try:
        async with EmbeddedPostgres(folder / "postgresql") as server:
            # databases come and go with every test; none has to survive a crash of the machine
            await _execute(server.url, "ALTER SYSTEM SET fsync = off")
            await _execute(server.url, "SELECT pg_reload_conf()")
            await _execute(server.url, f"CREATE DATABASE {_TEMPLATE}")
            connection = await asyncpg.connect(url_of(server, _TEMPLATE))
            await migrate(connection)
            await connection.close()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def blank_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """An empty database without a schema."""
    async with _database(postgres, "template1") as url:
        yield url


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A migrated, empty database."""
    async with _database(postgres, _TEMPLATE) as url:
        yield url


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """The stores, on a migrated, empty database."""
    async with open_storage(database_url) as opened:
        yield opened


def url_of(server: EmbeddedPostgres, database: str) -> str:
    """The URL of one of the server's databases."""
    return server.url.replace("/postgres?", f"/{database}?", 1)


@asynccontextmanager
async def _database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    name = f"test_{next(_serial)}"
    await _execute(server.url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield url_of(server, name)
    finally:
        await _execute(server.url, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
