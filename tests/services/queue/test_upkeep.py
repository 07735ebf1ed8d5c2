"""Orphaned jobs are adopted; old pictures are deleted, but not those that are still to be sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from services.jobs import Job
from services.queue.upkeep import Upkeep
from services.storage import Storage
from tests.builders import a_plan, a_target
from tests.services.queue.test_generation import Bench


@pytest.fixture
def bench(storage: Storage, tmp_path: Path) -> Bench:
    return Bench(storage, tmp_path)


async def tended(upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough for several rounds."""
    monkeypatch.setattr("services.queue.upkeep.TEND_INTERVAL", 0.05)
    with suppress(TimeoutError):
        await asyncio.wait_for(upkeep.tend(), 0.5)


async def test_orphaned_jobs_are_adopted_once(bench: Bench, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = await bench.ask()
    forgotten, silent, rendered, failed = [await storage.jobs.add(a_plan(), a_target(member)) for member in range(4)]
    await storage.jobs.claim([silent.id, rendered.id])
    await storage.jobs.mark_rendered(rendered.id, ["a.png"], 1.0)
    await storage.jobs.fail(failed.id, "Please try again.", "the engine died")
    await storage.pool.execute(
        """
        UPDATE jobs SET asked_at = asked_at - interval '1 minute', started_at = started_at - interval '1 minute',
                        finished_at = finished_at - interval '1 minute', heartbeat_at = heartbeat_at - interval '1 minute'
        """
    )
    await tended(bench.upkeep, monkeypatch)
    assert [job.id for job in bench.line.waiting] == [waiting.id, forgotten.id, silent.id]
    assert list(bench.delivery.done) == [rendered.id]
    assert bench.delivery.failures == {failed.id: "Please try again."}


async def test_jobs_in_hand_are_left_alone(bench: Bench, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh: Job = await storage.jobs.add(a_plan(), a_target())  # stored, and not yet in line
    waiting = await bench.ask()
    await tended(bench.upkeep, monkeypatch)
    assert [job.id for job in bench.line.waiting] == [waiting.id]
    assert bench.delivery.done == {}
    assert (await storage.jobs.get(fresh.id)) == fresh


async def test_old_pictures_are_deleted_but_not_those_that_are_still_to_be_sent(
    bench: Bench, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, unsent = await bench.pictures.save([b"sent", b"unsent"])
    job = await storage.jobs.add(a_plan(), a_target())
    await storage.jobs.claim([job.id])
    await storage.jobs.mark_rendered(job.id, [unsent], 1.0)
    monkeypatch.setattr(bench.pictures, "_max_bytes", 0)
    monkeypatch.setattr("services.queue.upkeep.PRUNE_INTERVAL", 0.05)
    with suppress(TimeoutError):
        await asyncio.wait_for(bench.upkeep.prune(), 0.5)
    assert [path.name for path in tmp_path.rglob("*.png")] == [unsent]
    assert sent != unsent
