"""Jobs whose members are not answered: open until they are, found when nobody has them, asked once."""

from __future__ import annotations

import pytest

from services.jobs import JobState
from services.storage import Storage
from services.storage.jobs import JobStore
from tests.builders import a_plan, a_target
from tests.services.storage.rows import added, delivered, state_of


@pytest.fixture
async def jobs(storage: Storage) -> JobStore:
    return storage.jobs


async def test_a_job_that_failed_is_open_until_its_member_was_told(jobs: JobStore) -> None:
    job = await added(jobs)
    failed = await jobs.fail(job.id, "Please try again.", "the engine died")
    assert failed is not None
    assert (failed.state, failed.sentence) == (JobState.FAILED, "Please try again.")
    assert [one.id for one in await jobs.open()] == [job.id]
    await jobs.answered(job.id)
    assert await jobs.open() == []
    assert await jobs.fail(job.id, "Once more.", "again") is None
    done = await delivered(jobs, 61)
    assert await jobs.fail(done.id, "Too late.", "too late") is None


async def test_a_cancelled_job_is_open_until_its_card_says_so_and_does_not_fail(jobs: JobStore) -> None:
    job = await added(jobs)
    assert await jobs.cancel(job.id)
    assert [one.state for one in await jobs.open()] == [JobState.CANCELLED]
    assert await jobs.fail(job.id, "Too late.", "too late") is None
    await jobs.answered(job.id)
    assert await jobs.open() == []


async def test_nobody_waits_for_what_cannot_be_delivered(jobs: JobStore) -> None:
    rendered, failed = await added(jobs), await added(jobs)
    await jobs.claim([rendered.id, failed.id])
    await jobs.rendered(rendered.id, ["a.png"], 1.0)
    assert await jobs.pictures_wanted() == {"a.png"}
    await jobs.fail(failed.id, "Please try again.", "the engine died")
    for job in (rendered, failed):
        await jobs.give_up(job.id, "the channel is gone")
    assert await state_of(jobs, rendered) is JobState.UNDELIVERABLE
    assert await state_of(jobs, failed) is JobState.FAILED
    assert await jobs.open() == []
    assert await jobs.pictures_wanted() == set()


async def test_the_same_origin_asks_once_however_often_it_comes(jobs: JobStore) -> None:
    same = [await jobs.add(a_plan(seed=seed), a_target(), origin=5) for seed in (1, 2)]
    other = await jobs.add(a_plan(), a_target(), origin=6)
    assert same[0].id == same[1].id != other.id
    found = await jobs.get(same[0].id)
    assert found is not None
    assert found.parameters.seed == 1


async def test_what_the_member_was_told_is_not_coming_does_not_come(jobs: JobStore) -> None:
    waiting, running = [await jobs.add(a_plan(), a_target(), origin=origin) for origin in (5, 6)]
    await jobs.claim([running.id])
    for origin in (5, 6, 7):
        await jobs.withdraw(origin)
    assert await state_of(jobs, waiting) is JobState.CANCELLED
    assert await state_of(jobs, running) is JobState.RUNNING
    assert [one.id for one in await jobs.open()] == [running.id]


async def test_what_is_in_hand_is_not_taken_away_however_long_it_gave_no_sign(storage: Storage) -> None:
    """As after an outage, when the look for strays comes before the next sign of life."""
    job = await added(storage.jobs)
    await storage.jobs.claim([job.id])
    await storage.pool.execute("UPDATE jobs SET heartbeat_at = heartbeat_at - interval '1 hour'")
    assert await storage.jobs.strays([job.id]) == []
    assert await storage.jobs.rendered(job.id, ["a.png"], 1.0) is not None


async def test_jobs_in_nobodys_hands_are_found(storage: Storage) -> None:
    jobs = storage.jobs
    forgotten, known, beating, silent, rendered, new = [await added(jobs) for _ in range(6)]
    await jobs.claim([beating.id, silent.id, rendered.id])
    await jobs.rendered(rendered.id, ["a.png"], 1.0)
    assert await jobs.strays([]) == []
    await storage.pool.execute(
        """
        UPDATE jobs SET asked_at = asked_at - interval '1 minute', started_at = started_at - interval '1 minute',
                        finished_at = finished_at - interval '1 minute', heartbeat_at = heartbeat_at - interval '1 minute'
         WHERE id <> $1
        """,
        new.id,
    )
    await jobs.beat([beating.id])
    found = await jobs.strays([known.id])
    assert [(job.id, job.state) for job in found] == [
        (forgotten.id, JobState.QUEUED), (silent.id, JobState.QUEUED), (rendered.id, JobState.RENDERED),
    ]  # fmt: skip
    assert await state_of(jobs, beating) is JobState.RUNNING
