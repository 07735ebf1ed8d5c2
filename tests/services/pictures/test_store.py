"""Pictures on disk: named by their content, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.pictures.store import PictureStore
from tests.builders import REPOSITORY

_ON_A_FULL_DISK = """
import asyncio, pathlib, resource, signal, sys
from services.pictures.store import PictureStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = PictureStore(pathlib.Path(sys.argv[1]))
print(asyncio.run(store.keep([b"small"]))[0])
try:
    asyncio.run(store.keep([b"x" * 50_000]))
except OSError as error:
    print(error.strerror)
"""


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@given(files=st.lists(st.binary(max_size=200), max_size=4))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_read_again_under_the_hash_of_its_bytes(tmp_path: Path, files: list[bytes]) -> None:
    store = PictureStore(tmp_path)
    names = asyncio.run(store.keep(files))
    assert names == tuple(f"{hashlib.sha256(data).hexdigest()}.png" for data in files)
    assert [asyncio.run(store.read(name)) for name in names] == files


async def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    store = PictureStore(tmp_path / "not" / "there" / "yet")
    assert await store.keep([b"one", b"one"]) == await store.keep([b"one"]) * 2
    assert len(files_in(tmp_path)) == 1


async def test_many_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    store = PictureStore(tmp_path)
    names = await asyncio.gather(*(store.keep([bytes([number % 5]) * 100_000]) for number in range(40)))
    assert len(set(names)) == len(files_in(tmp_path)) == 5
    assert {len(await store.read(name)) for (name,) in names} == {100_000}


def aged(store: PictureStore, folder: Path, days: Mapping[str, float]) -> None:
    """As if each picture had last been wanted so many days ago."""
    for name, ago in days.items():
        (path,) = folder.rglob(name)
        then = time.time() - ago * 86_400
        os.utime(path, (then, then))


async def test_the_old_and_the_oldest_of_too_many_go_and_what_is_to_be_sent_stays(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, max_bytes=2500, max_age=timedelta(days=30))
    names = await store.keep([bytes([number]) * 1000 for number in range(6)])
    old, wanted_and_old, *young = names
    aged(store, tmp_path, {old: 40, wanted_and_old: 50} | {name: 4 - number for number, name in enumerate(young)})
    assert await store.prune({wanted_and_old}) == 4
    kept = {path.name for path in files_in(tmp_path)}
    assert kept == {wanted_and_old, young[-1]}
    assert await store.prune({wanted_and_old}) == 0


async def test_a_picture_that_is_drawn_again_is_young_again(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, max_age=timedelta(days=30))
    (name,) = await store.keep([b"one"])
    aged(store, tmp_path, {name: 40})
    await store.keep([b"one"])
    assert await store.prune(()) == 0


async def test_a_pruned_picture_is_missed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await PictureStore(tmp_path).read("0" * 64 + ".png")


def test_a_picture_that_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ON_A_FULL_DISK, tmp_path], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    kept, reason = done.stdout.splitlines()
    assert reason == "File too large"
    assert [path.name for path in files_in(tmp_path)] == [kept]
