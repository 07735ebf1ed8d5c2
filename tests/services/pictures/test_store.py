"""Pictures on disk: named by their content, and written completely or not at all."""

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
print(asyncio.run(store.save([b"small"]))[0])
try:
    asyncio.run(store.save([b"x" * 50_000]))
except OSError as error:
    print(error.strerror)
"""


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@given(files=st.lists(st.binary(max_size=200), max_size=4))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_saved_files_can_be_read_under_their_hash(tmp_path: Path, files: list[bytes]) -> None:
    store = PictureStore(tmp_path)
    names = asyncio.run(store.save(files))
    assert names == tuple(f"{hashlib.sha256(data).hexdigest()}.png" for data in files)
    assert [asyncio.run(store.read(name)) for name in names] == files


async def test_identical_pictures_are_stored_once(tmp_path: Path) -> None:
    store = PictureStore(tmp_path / "not" / "there" / "yet")
    assert await store.save([b"one", b"one"]) == await store.save([b"one"]) * 2
    assert len(files_in(tmp_path)) == 1


async def test_concurrent_saves_do_not_interfere(tmp_path: Path) -> None:
    store = PictureStore(tmp_path)
    names = await asyncio.gather(*(store.save([bytes([number % 5]) * 100_000]) for number in range(40)))
    assert len(set(names)) == len(files_in(tmp_path)) == 5
    assert {len(await store.read(name)) for (name,) in names} == {100_000}


def set_ages(folder: Path, days: Mapping[str, float]) -> None:
    """Change the files' times, as if each picture had last been saved that many days ago."""
    for name, ago in days.items():
        (path,) = folder.rglob(name)
        then = time.time() - ago * 86_400
        os.utime(path, (then, then))


async def test_pruning_deletes_old_and_excess_pictures_but_none_that_are_wanted(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, max_bytes=2500, max_age=timedelta(days=30))
    names = await store.save([bytes([number]) * 1000 for number in range(6)])
    old, wanted_and_old, *young = names
    set_ages(tmp_path, {old: 40, wanted_and_old: 50} | {name: 4 - number for number, name in enumerate(young)})
    assert await store.prune({wanted_and_old}) == 4
    kept = {path.name for path in files_in(tmp_path)}
    assert kept == {wanted_and_old, young[-1]}
    assert await store.prune({wanted_and_old}) == 0


async def test_saving_a_picture_again_resets_its_age(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, max_age=timedelta(days=30))
    (name,) = await store.save([b"one"])
    set_ages(tmp_path, {name: 40})
    await store.save([b"one"])
    assert await store.prune(()) == 0


async def test_reading_a_pruned_picture_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await PictureStore(tmp_path).read("0" * 64 + ".png")


def test_a_failed_write_leaves_no_file_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ON_A_FULL_DISK, tmp_path], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    kept, reason = done.stdout.splitlines()
    assert reason == "File too large"
    assert [path.name for path in files_in(tmp_path)] == [kept]
