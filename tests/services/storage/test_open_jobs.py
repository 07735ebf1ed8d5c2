"""Jobs whose members haven't been answered: unanswered until they are, adopted when orphaned, stored once."""

from __future__ import annotations

import pytest

from services.jobs import JobState, Origin
from services.storage import Storage
from services.storage.jobs import JobStore
from tests.builders import a_plan, a_target
from tests.services.storage.rows import added, delivered, state_of


@pytest.fixture
async def jobs(storage: Storage) -> JobStore:
    return storage.jobs


async def test_a_failed_job_is_unanswered_until_its_member_is_told(jobs: JobStore) -> None:
    job = await added(jobs)
    failed = await jobs.fail(job.id, "Please try again.", "the engine died")
    assert failed is not None
    assert (failed.state, failed.sentence) == (JobState.FAILED, "Please try again.")
    assert [job.id for job in await jobs.unanswered()] == [job.id]
    await jobs.mark_answered(job.id)
    assert await jobs.unanswered() == []
    assert await jobs.fail(job.id, "Once more.", "again") is None
    done = await delivered(jobs, 61)
    assert await jobs.fail(done.id, "Too late.", "too late") is None


async def test_a_cancelled_job_is_unanswered_until_its_card_says_so_and_cannot_fail(jobs: JobStore) -> None:
    job = await added(jobs)
    assert await jobs.cancel(job.id)
    assert [job.state for job in await jobs.unanswered()] == [JobState.CANCELLED]
    assert await jobs.fail(job.id, "Too late.", "too late") is None
    await jobs.mark_answered(job.id)
    assert await jobs.unanswered() == []


async def test_an_undeliverable_job_is_closed(jobs: JobStore) -> None:
    rendered, failed = await added(jobs), await added(jobs)
    await jobs.claim([rendered.id, failed.id])
    await jobs.mark_rendered(rendered.id, ["a.png"], 1.0)
    assert await jobs.undelivered_pictures() == {"a.png"}
    await jobs.fail(failed.id, "Please try again.", "the engine died")
    for job in (rendered, failed):
        await jobs.give_up(job.id, "the channel is gone")
    assert await state_of(jobs, rendered) is JobState.UNDELIVERABLE
    assert await state_of(jobs, failed) is JobState.FAILED
    assert await jobs.unanswered() == []
    assert await jobs.undelivered_pictures() == set()


async def test_an_origin_makes_only_one_job(jobs: JobStore) -> None:
    origin = Origin.of_interaction(5)
    same = [await jobs.add(a_plan(seed=seed), a_target(), origin=origin) for seed in (1, 2)]
    other = await jobs.add(a_plan(), a_target(), origin=Origin.of_interaction(6))
    assert same[0].id == same[1].id != other.id
    found = await jobs.get(same[0].id)
    assert found is not None
    assert found.parameters.seed == 1


async def test_a_withdrawn_job_is_not_rendered(jobs: JobStore) -> None:
    origins = [Origin.of_interaction(number) for number in (5, 6, 7)]
    waiting, running = [await jobs.add(a_plan(), a_target(), origin=origin) for origin in origins[:2]]
    await jobs.claim([running.id])
    for origin in origins:
        await jobs.withdraw(origin)
    assert await state_of(jobs, waiting) is JobState.CANCELLED
    assert await state_of(jobs, running) is JobState.RUNNING
    assert [job.id for job in await jobs.unanswered()] == [running.id]


async def test_a_job_in_hand_is_never_orphaned_however_old_its_heartbeat(storage: Storage) -> None:
    """After an outage, the check for orphans may run before the next heartbeat."""
    job = await added(storage.jobs)
    await storage.jobs.claim([job.id])
    await storage.pool.execute("UPDATE jobs SET heartbeat_at = heartbeat_at - interval '1 hour'")
    assert await storage.jobs.orphaned([job.id]) == []
    assert await storage.jobs.mark_rendered(job.id, ["a.png"], 1.0) is not None


async def test_orphaned_jobs_are_found(storage: Storage) -> None:
    jobs = storage.jobs
    forgotten, known, beating, silent, rendered, new = [await added(jobs) for _ in range(6)]
    await jobs.claim([beating.id, silent.id, rendered.id])
    await jobs.mark_rendered(rendered.id, ["a.png"], 1.0)
    assert await jobs.orphaned([]) == []
    await storage.pool.execute(
        """
        UPDATE jobs SET asked_at = asked_at - interval '1 minute', started_at = started_at - interval '1 minute',
                        finished_at = finished_at - interval '1 minute', heartbeat_at = heartbeat_at - interval '1 minute'
         WHERE id <> $1
        """,
        new.id,
    )
    await jobs.record_heartbeat([beating.id])
    found = await jobs.orphaned([known.id])
    assert [(job.id, job.state) for job in found] == [
        (forgotten.id, JobState.QUEUED),
        (silent.id, JobState.QUEUED),
        (rendered.id, JobState.RENDERED),
    ]
    assert await state_of(jobs, beating) is JobState.RUNNING
