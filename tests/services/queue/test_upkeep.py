"""What is in nobody's hands is taken up; old pictures go, and those that are still to be sent stay."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from services.jobs import Job
from services.queue.upkeep import Resuming
from services.storage import Storage
from tests.builders import a_plan, a_target
from tests.services.queue.test_generation import House


@pytest.fixture
def house(storage: Storage, tmp_path: Path) -> House:
    return House(storage, tmp_path)


async def tended(resuming: Resuming, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough for some looks."""
    monkeypatch.setattr("services.queue.upkeep.TEND_INTERVAL", 0.05)
    with suppress(TimeoutError):
        await asyncio.wait_for(resuming.tend(), 0.5)


async def test_jobs_that_fell_out_of_every_hand_are_taken_up_once(
    house: House, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await house.ask()
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
    await tended(house.resuming, monkeypatch)
    assert [job.id for job in house.queue.waiting] == [waiting.id, forgotten.id, silent.id]
    assert list(house.delivery.done) == [rendered.id]
    assert house.delivery.failures == {failed.id: "Please try again."}


async def test_what_is_in_hand_is_left_alone(house: House, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh: Job = await storage.jobs.add(a_plan(), a_target())  # between its row and the line
    waiting = await house.ask()
    await tended(house.resuming, monkeypatch)
    assert [job.id for job in house.queue.waiting] == [waiting.id]
    assert house.delivery.done == {}
    assert (await storage.jobs.get(fresh.id)) == fresh


async def test_old_pictures_go_and_those_that_are_still_to_be_sent_stay(
    house: House, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, unsent = await house.pictures.save([b"sent", b"unsent"])
    job = await storage.jobs.add(a_plan(), a_target())
    await storage.jobs.claim([job.id])
    await storage.jobs.mark_rendered(job.id, [unsent], 1.0)
    monkeypatch.setattr(house.pictures, "_max_bytes", 0)
    monkeypatch.setattr("services.queue.upkeep.PRUNE_INTERVAL", 0.05)
    with suppress(TimeoutError):
        await asyncio.wait_for(house.resuming.prune(), 0.5)
    assert [path.name for path in tmp_path.rglob("*.png")] == [unsent]
    assert sent != unsent
