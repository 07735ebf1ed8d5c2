"""The first start: a data folder is complete or not there, whatever interrupts its creation."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from services.storage import EmbeddedPostgres, PostgresFailed
from services.storage.embedded.accounts import server_account
from services.storage.embedded.data_folder import prepare_data_folder
from tests.builders import REPOSITORY

_OPEN = """
import asyncio, pathlib, sys
from services.storage import EmbeddedPostgres
async def main():
    async with EmbeddedPostgres(pathlib.Path(sys.argv[1])):
        pass
asyncio.run(main())
"""


async def works(folder: Path) -> bool:
    async with EmbeddedPostgres(folder) as server:
        connection = await asyncpg.connect(server.url)
        answer = await connection.fetchval("SELECT count(*) > 0 FROM pg_class")
        await connection.close()
    return answer


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("reached", ["PG_VERSION", "global/pg_control", "base/5"])
async def test_a_first_start_that_is_killed_leaves_nothing_behind_at_the_next(
    server_folder: Path, reached: str
) -> None:
    """At the beginning, in the middle and near the end of initdb."""
    folder = server_folder / "postgresql"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _OPEN, folder, cwd=REPOSITORY)
    await _until(lambda: any(folder.glob(f"data.unfinished-*/{reached}")))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert not (folder / "data").exists()
    assert await works(folder)
    assert names_in(folder) == ["data", "server.log", "start.lock"]


async def test_a_data_folder_from_which_no_server_can_start_is_set_aside(
    server_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It isn't deleted, since somebody may want to look at it."""
    folder = server_folder / "postgresql"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("18\n")
    with caplog.at_level(logging.WARNING):
        assert await works(folder)
    (aside,) = folder.glob("data.incomplete-*")
    assert (aside / "PG_VERSION").read_text() == "18\n"
    assert str(aside) in caplog.text


async def test_an_empty_data_folder_is_used(server_folder: Path) -> None:
    folder = server_folder / "postgresql"
    (folder / "data").mkdir(parents=True)
    assert await works(folder)
    assert "data" in names_in(folder)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'no space left on device' >&2; exit 1", "couldn't be created: no space left on device"),
        ("exit 7", "couldn't be created: initdb ended with code 7"),
    ],
)
def test_a_failed_initdb_leaves_nothing_and_says_why(server_folder: Path, script: str, sentence: str) -> None:
    binaries, folder = server_folder / "bin", server_folder / "postgresql"
    binaries.mkdir()
    folder.mkdir()
    (binaries / "initdb").write_text(f"#!/bin/sh\n{script}\n")
    (binaries / "initdb").chmod(0o755)
    with pytest.raises(PostgresFailed, match=sentence):
        prepare_data_folder(folder, binaries, server_account())
    assert names_in(folder) == []


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not happen within a minute")
