"""The embedded server: it starts, is shared, is restarted when it dies, and copes with what a crash leaves behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.storage import EmbeddedPostgres, PostgresFailed
from services.storage.embedded.accounts import server_account
from tests.builders import REPOSITORY

#: opens the folder, prints the server's pid and the sum of the rows, and keeps the server until stdin is closed
_SHARE = """
import asyncio, pathlib, sys
import asyncpg
from services.storage import EmbeddedPostgres, PostgresFailed
async def main():
    async with EmbeddedPostgres(pathlib.Path(sys.argv[1])) as server:
        connection = await asyncpg.connect(server.url)
        rows = await connection.fetchval("SELECT coalesce(sum(n), 0) FROM kept")
        await connection.close()
        print(server.pid, rows, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def original() -> Iterator[Path]:
    """A data folder with one row, created once because initdb takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    folder.chmod(0o755)

    async def fill() -> None:
        async with EmbeddedPostgres(folder / "postgresql") as server:
            await execute(server, "CREATE TABLE kept (n integer)")
            await execute(server, "INSERT INTO kept VALUES (1)")

    asyncio.run(fill())
    yield folder / "postgresql"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(original: Path, server_folder: Path) -> Path:
    """A copy of it, made after a clean shutdown."""
    subprocess.run(["cp", "-a", original, server_folder], check=True)
    return server_folder / original.name


async def execute(server: EmbeddedPostgres, statement: str) -> Any:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def kept(server: EmbeddedPostgres) -> int:
    return await execute(server, "SELECT sum(n) FROM kept")


async def until_answering(server: EmbeddedPostgres, seconds: float = 60) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await execute(server, "SELECT 1")
            return
        await asyncio.sleep(0.05)
    pytest.fail("the server did not come back")


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@asynccontextmanager
async def sharing(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, int]]:
    """Another process that uses the folder: the process, the pid of its server, and the sum of the rows that it read."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _SHARE,
        folder,
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    pid, rows = (await process.stdout.readline()).decode().split()
    try:
        yield process, pid, int(rows)
    finally:
        if process.returncode is None:
            await asyncio.wait_for(process.communicate(b""), 30)
            assert process.returncode == 0


async def test_a_new_server_listens_on_no_port(server_folder: Path) -> None:
    async with EmbeddedPostgres(server_folder / "new" / "postgresql") as server:
        assert await execute(server, "SHOW listen_addresses") == ""
        assert await execute(server, "SHOW fsync") == "on"
        assert await execute(server, "SELECT lower('ÉÀ')") == "éà"
        assert (server_folder / "new" / "postgresql").stat().st_mode & 0o077 == 0
        pid = server.pid
        assert pid is not None
    assert not is_alive(pid)


async def test_rows_survive_a_restart(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        assert await kept(server) == 1
        await execute(server, "INSERT INTO kept VALUES (2)")
    async with EmbeddedPostgres(folder) as server:
        assert await kept(server) == 3


async def test_a_killed_server_is_restarted_without_losing_committed_rows(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        for _ in range(2):
            await execute(server, "INSERT INTO kept VALUES (10)")
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until_answering(server)
            assert server.pid != pid
        assert await kept(server) == 21


async def test_a_second_process_shares_the_server_and_leaves_it_running(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        pid = server.pid
        async with sharing(folder) as (_, its_pid, rows):
            assert (its_pid, rows) == ("None", 1)
        assert server.pid == pid
        assert await kept(server) == 1


async def test_a_sharing_process_takes_over_when_the_first_is_killed(folder: Path) -> None:
    async with sharing(folder) as (first, its_pid, _), EmbeddedPostgres(folder) as server:
        assert server.pid is None
        await execute(server, "INSERT INTO kept VALUES (5)")
        first.kill()
        await first.wait()
        for _ in range(600):
            if server.pid is not None:
                break
            await asyncio.sleep(0.1)
        await until_answering(server)
        assert not is_alive(int(its_pid))
        assert await kept(server) == 6


async def test_two_supervisors_in_one_process_do_not_deadlock(folder: Path) -> None:
    async with asyncio.timeout(60), EmbeddedPostgres(folder) as one:
        assert one.pid is not None
    servers = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    async with asyncio.timeout(90):
        await asyncio.gather(*(server.__aenter__() for server in servers))
    assert [await kept(server) for server in servers] == [1, 1]
    assert sorted(server.pid is None for server in servers) == [False, True]
    for server in sorted(servers, key=lambda server: server.pid is not None):  # the one that owns the server ends last
        await server.__aexit__(None, None, None)


@pytest.fixture(params=["sleep", "postgres"])
def unrelated_pid(request: pytest.FixtureRequest, server_folder: Path) -> Iterator[int]:
    """The pid of an unrelated live process under the server's account; one is even named postgres."""
    program = server_folder / "bin" / request.param
    program.parent.mkdir()
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "600"], cwd="/", **server_account().popen_arguments())
    yield process.pid
    assert process.poll() is None
    process.kill()
    process.wait()


async def test_a_pid_file_that_names_an_unrelated_live_process_is_ignored(folder: Path, unrelated_pid: int) -> None:
    """After a container restarts, low pids are soon reused."""
    (folder / "data" / "postmaster.pid").write_text(f"{unrelated_pid}\n{folder / 'data'}\n1700000000\n5432\n{folder}\n")
    async with EmbeddedPostgres(folder) as server:
        assert await kept(server) == 1


async def test_a_truncated_or_stale_pid_file_is_ignored(folder: Path) -> None:
    for content in ("", "\n", "12", "no number\n", f"4194303\n{folder / 'data'}\n"):
        (folder / "data" / "postmaster.pid").write_text(content)
        async with EmbeddedPostgres(folder) as server:
            assert await kept(server) == 1, content


async def test_long_and_unusual_paths_work(folder: Path) -> None:
    for name in ("x" * 150, "a b+c%41&d=ü?#", "with,comma"):
        folder = folder.rename(folder.with_name(name))
        async with EmbeddedPostgres(folder) as server:
            assert await kept(server) == 1, name


async def test_a_folder_that_cannot_be_created_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with asyncio.timeout(10):
        with pytest.raises(PostgresFailed, match="Set DATABASE_URL to use a server of your own"):
            await EmbeddedPostgres(tmp_path / "file" / "postgresql").__aenter__()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account for the server")
async def test_a_folder_that_the_servers_account_cannot_enter_is_refused_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    async with asyncio.timeout(10):
        with pytest.raises(PostgresFailed, match=r"other accounts can't enter .*choose another DATA_DIR"):
            await EmbeddedPostgres(tmp_path / "closed" / "postgresql").__aenter__()
