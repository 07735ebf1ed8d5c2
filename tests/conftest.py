"""One embedded PostgreSQL for all tests, and a migrated database of its own for each test that wants one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

# before anything imports torch: threads that spin while they wait make a busy machine ten times slower
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import settings

from services.storage import EmbeddedPostgres, Storage, open_storage
from services.storage.migrate import migrate

# a machine that does other things meanwhile makes single examples slow, which says nothing of the code
# elsewhere than on a developer's machine the same examples every time: a find must not hold up who did not cause it
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

_TEMPLATE = "migrated"
_serial = count(1)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder that the database server's account can reach, whoever runs the tests."""
    # pytest's own tmp_path is closed to other accounts, and PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """The server, with a migrated database to copy."""
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    folder.chmod(0o755)
    try:
        async with EmbeddedPostgres(folder / "postgresql") as server:
            # a database is made and dropped for each test, and none has to outlive the machine
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
    """A database without any schema."""
    async with _database(postgres, "template1") as url:
        yield url


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A migrated, empty database."""
    async with _database(postgres, _TEMPLATE) as url:
        yield url


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """The stores over a migrated, empty database."""
    async with open_storage(database_url) as opened:
        yield opened


def url_of(server: EmbeddedPostgres, database: str) -> str:
    """The address of one of the server's databases."""
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
