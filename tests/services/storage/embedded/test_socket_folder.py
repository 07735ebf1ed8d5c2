"""The folder of the server's socket, where a path is too long for it to be the data folder."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from services.storage import EmbeddedPostgres, PostgresFailed
from services.storage.embedded.socket_folder import socket_folder_for


@pytest.fixture
def folder(server_folder: Path) -> Path:
    """A data folder with a path that is too long for a socket."""
    return server_folder / ("x" * 100) / "postgresql"


@pytest.fixture
def sockets(folder: Path) -> Iterator[Path]:
    """Where its socket goes instead, not there yet."""
    path = socket_folder_for(folder)
    yield path
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        for left in path.iterdir():
            left.unlink()
        path.rmdir()


async def test_a_long_path_gets_a_private_folder_for_its_socket(folder: Path, sockets: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        connection = await asyncpg.connect(server.url)
        await connection.close()
        assert sockets.parent == Path(tempfile.gettempdir())
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert sockets.stat().st_uid == (folder / "data").stat().st_uid


async def test_a_folder_that_is_open_to_others_is_refused(folder: Path, sockets: Path) -> None:
    sockets.mkdir()
    sockets.chmod(0o777)
    await _refused(folder)


async def test_a_link_is_refused(folder: Path, sockets: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    sockets.symlink_to(tmp_path)
    await _refused(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another account")
async def test_another_accounts_folder_is_refused_before_anything_connects(folder: Path, sockets: Path) -> None:
    """Whoever made it could answer in the server's place."""
    connected: list[int] = []

    def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        writer.close()

    sockets.mkdir(mode=0o700)
    async with await asyncio.start_unix_server(on_connect, sockets / ".s.PGSQL.5432"):
        os.chown(sockets, 54_321, 54_321)
        await _refused(folder)
    assert connected == []


async def _refused(folder: Path) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(PostgresFailed, match="delete it, or choose a DATA_DIR with a shorter path"):
            await EmbeddedPostgres(folder).__aenter__()
