"""Job rows: from queued to delivered, and the transitions that must be refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.jobs import JobId, JobState
from services.parameters import PlacedEmbedding
from services.remedies import Hint, Remedy
from services.storage import Storage
from services.storage.jobs import JobStore
from tests.builders import a_placed, a_plan, a_target
from tests.services.storage.rows import added, delivered, state_of

MISSING = JobId(999_999)
USE_LESS = Hint("use less", Remedy("Draw with CFG 3", {"cfg": 3.0}))
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture
async def jobs(storage: Storage) -> JobStore:
    return storage.jobs


async def test_a_job_is_stored_claimed_rendered_and_delivered(jobs: JobStore) -> None:
    target = a_target(5, application_id=6, interaction_token="token", reply_id=7, refers_to=8)
    first = await added(jobs)
    job = await jobs.add(a_plan(negative="blurry"), target, parent_id=first.id, hints=[USE_LESS])
    assert (job.state, job.attempts, job.target, job.hints, job.parent_id) == (
        JobState.QUEUED,
        0,
        target,
        (USE_LESS,),
        first.id,
    )
    assert timedelta(0) <= datetime.now(UTC) - job.asked_at < timedelta(minutes=1)
    assert await jobs.get(job.id) == job
    assert await jobs.claim([job.id]) == {job.id}
    running = await jobs.get(job.id)
    assert running is not None
    assert (running.state, running.attempts) == (JobState.RUNNING, 1)
    rendered = await jobs.mark_rendered(job.id, ["a.png", "b.png"], 1.5)
    assert rendered is not None
    assert (rendered.state, rendered.pictures, rendered.seconds) == (JobState.RENDERED, ("a.png", "b.png"), 1.5)
    await jobs.mark_delivered(job.id, 99)
    found = await jobs.of_message(99)
    assert found is not None
    assert (found.id, found.state, found.message_id) == (job.id, JobState.DELIVERED, 99)


async def test_each_job_is_claimed_once(jobs: JobStore) -> None:
    ids = [(await added(jobs)).id for _ in range(20)]
    claims = await asyncio.gather(*(jobs.claim(ids) for _ in range(5)))
    assert sorted(job_id for claim in claims for job_id in claim) == ids


async def test_claiming_skips_locked_rows(jobs: JobStore, database_url: str) -> None:
    """The worker goes on with the other jobs and comes back to this one."""
    job, other = await added(jobs), await added(jobs)
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("UPDATE jobs SET reply_id = 3 WHERE id = $1", job.id)
        assert await jobs.claim([job.id, other.id]) == {other.id}
        assert await jobs.still_queued([job.id, other.id]) == {job.id}
    assert await jobs.claim([job.id]) == {job.id}
    await connection.close()


async def test_a_job_that_is_being_cancelled_is_not_claimed(jobs: JobStore, database_url: str) -> None:
    job, other = await added(jobs), await added(jobs)
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        await connection.execute("UPDATE jobs SET state = 'cancelled' WHERE id = $1", job.id)
        claim = asyncio.create_task(jobs.claim([job.id, other.id, MISSING]))
        await asyncio.sleep(0.1)
    assert await claim == {other.id}
    await connection.close()


async def test_only_queued_jobs_can_be_cancelled(jobs: JobStore) -> None:
    waiting, running = await added(jobs), await added(jobs)
    await jobs.claim([running.id])
    assert await jobs.cancel(waiting.id)
    assert not await jobs.cancel(waiting.id)
    assert not await jobs.cancel(running.id)
    assert not await jobs.cancel(MISSING)
    assert await state_of(jobs, waiting) is JobState.CANCELLED
    assert await jobs.claim([waiting.id]) == set()


async def test_concurrent_cancel_and_claim_never_both_succeed(jobs: JobStore) -> None:
    for _ in range(20):
        job = await added(jobs)
        cancelled, claimed = await asyncio.gather(jobs.cancel(job.id), jobs.claim([job.id]))
        assert cancelled != bool(claimed)


async def test_at_start_running_jobs_are_requeued_and_unanswered_ones_come_oldest_first(jobs: JobStore) -> None:
    done = await delivered(jobs, 50)
    queued, running, rendered, cancelled = [await added(jobs) for _ in range(4)]
    await jobs.claim([running.id, rendered.id])
    await jobs.mark_rendered(rendered.id, ["a.png"], 1.0)
    await jobs.cancel(cancelled.id)
    await jobs.mark_answered(cancelled.id)
    assert await jobs.requeue_running() == 1
    unanswered = await jobs.unanswered()
    assert [(job.id, job.state) for job in unanswered] == [
        (queued.id, JobState.QUEUED),
        (running.id, JobState.QUEUED),
        (rendered.id, JobState.RENDERED),
    ]
    assert unanswered[1].attempts == 1
    assert await state_of(jobs, done) is JobState.DELIVERED
    assert await jobs.requeue_running() == 0


async def test_releasing_a_job_requeues_it_and_sets_its_attempts(jobs: JobStore) -> None:
    job = await added(jobs)
    await jobs.claim([job.id])
    await jobs.release(job.id, 0)
    assert await state_of(jobs, job) is JobState.QUEUED
    found = await jobs.get(job.id)
    assert found is not None
    assert found.attempts == 0
    await jobs.cancel(job.id)
    await jobs.release(job.id, 0)
    assert await state_of(jobs, job) is JobState.CANCELLED


async def test_only_a_running_job_can_be_marked_rendered(jobs: JobStore) -> None:
    job = await added(jobs)
    assert await jobs.mark_rendered(job.id, ["a.png"], 1.0) is None
    await jobs.mark_delivered(job.id, 60)
    assert await jobs.of_message(60) is None
    assert await state_of(jobs, job) is JobState.QUEUED


async def test_deleting_pictures_as_they_appear_is_recorded(jobs: JobStore) -> None:
    """The message is there before its row says so, and whoever is quick presses Delete in between."""
    job = await added(jobs)
    await jobs.claim([job.id])
    await jobs.mark_rendered(job.id, ["a.png"], 1.0)
    await jobs.mark_deleted(job.id)
    await jobs.mark_delivered(job.id, 64)
    assert await state_of(jobs, job) is JobState.DELETED
    assert await jobs.unanswered() == []
    assert await jobs.undelivered_pictures() == set()


async def test_only_a_job_with_pictures_can_be_marked_deleted(jobs: JobStore) -> None:
    waiting, done = await added(jobs), await delivered(jobs, 62)
    for job in (waiting, done):
        await jobs.mark_deleted(job.id)
    assert await state_of(jobs, waiting) is JobState.QUEUED
    assert await state_of(jobs, done) is JobState.DELETED


async def test_two_jobs_cannot_share_a_message(jobs: JobStore) -> None:
    await delivered(jobs, 63)
    with pytest.raises(asyncpg.UniqueViolationError):
        await delivered(jobs, 63)


async def test_the_reply_is_stored(jobs: JobStore) -> None:
    job = await added(jobs)
    await jobs.set_reply(job.id, 77)
    found = await jobs.get(job.id)
    assert found is not None
    assert found.target.reply_id == 77


async def test_an_empty_database_yields_nothing(jobs: JobStore) -> None:
    assert await jobs.get(MISSING) is None
    assert await jobs.of_message(1) is None
    assert await jobs.unanswered() == []
    assert await jobs.uses() == {}


async def test_uses_are_counted_per_server(jobs: JobStore) -> None:
    both = a_plan(embeddings=(a_placed("blur", seed=1), a_placed("tint", seed=2)))
    await jobs.add(both, a_target(guild_id=1), parent_id=None, hints=())
    await jobs.add(a_plan(embeddings=(a_placed("blur", seed=1),)), a_target(guild_id=1), parent_id=None, hints=())
    await jobs.add(both, a_target(guild_id=2), parent_id=None, hints=())
    await jobs.add(both, a_target(guild_id=None), parent_id=None, hints=())
    await jobs.add(a_plan(embeddings=()), a_target(guild_id=3), parent_id=None, hints=())
    assert await jobs.uses() == {1: {"blur": 2, "tint": 1}, 2: {"blur": 1, "tint": 1}}


async def test_identical_vectors_are_stored_once_whatever_their_name(storage: Storage) -> None:
    for name, strength in (("blur", 1.0), ("blur", 0.5), ("twin", 1.0)):
        await added(storage.jobs, plan=a_plan(embeddings=(a_placed(name, strength=strength), a_placed("tint", seed=9))))
    assert await storage.pool.fetchval("SELECT count(*) FROM vectors") == 2
    found = await storage.jobs.unanswered()
    assert [[placed.label for placed in job.parameters.embeddings] for job in found] == [
        ["blur", "tint"],
        ["blur:0.5", "tint"],
        ["twin", "tint"],
    ]


async def test_concurrent_requests_with_the_same_vectors_all_succeed(storage: Storage) -> None:
    made = await asyncio.gather(*(added(storage.jobs, member) for member in range(30)))
    assert len({job.id for job in made}) == 30
    assert all(first.id < second.id for first, second in pairwise(await storage.jobs.unanswered()))
    assert await storage.pool.fetchval("SELECT count(*) FROM vectors") == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    clip_l=arrays.arrays(np.float32, (2, 5), elements=FINITE),
    clip_g=arrays.arrays(np.float32, (2, 3), elements=FINITE),
    prompt=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    strength=st.floats(0, 2),
    cfg=st.floats(1, 30, exclude_min=True),
    seed=st.integers(0, 2**32 - 1),
)
async def test_a_plan_is_read_back_exactly(
    storage: Storage, clip_l: np.ndarray, clip_g: np.ndarray, prompt: str, strength: float, cfg: float, seed: int
) -> None:
    vectors = {"clip_l": clip_l, "clip_g": clip_g}
    content_hash = f"{clip_l.tobytes().hex()}-{clip_g.tobytes().hex()}"
    placed = PlacedEmbedding("any", strength, 2, content_hash, "0" * 64, vectors)
    plan = a_plan(embeddings=(placed,), prompt=prompt, negative=prompt, cfg=cfg, seed=seed)
    job = await added(storage.jobs, plan=plan)
    found = await storage.jobs.get(job.id)
    assert found is not None
    (loaded,) = await storage.jobs.load_plans([found])
    assert loaded == plan
    (back,) = loaded.embeddings
    for encoder, rows in vectors.items():
        assert back.vectors[encoder].dtype == np.float32
        assert back.vectors[encoder].tobytes() == rows.tobytes()
