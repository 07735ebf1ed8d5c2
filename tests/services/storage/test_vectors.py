"""Vectors are read to render a plan and to reroll it, and for nothing else."""

from __future__ import annotations

import asyncpg
import pytest

from services.storage import Storage
from tests.builders import a_placed, a_plan, a_target
from tests.services.storage.rows import added


async def test_no_step_of_a_job_reads_vectors(storage: Storage) -> None:
    jobs = storage.jobs
    first, second, third, fourth = [await added(jobs) for _ in range(4)]
    await storage.pool.execute("ALTER TABLE vectors RENAME TO unreadable")  # from here on, reading vectors fails
    assert [job.id for job in await jobs.unanswered()] == [first.id, second.id, third.id, fourth.id]
    assert await jobs.get(first.id) == first
    assert await jobs.cancel(first.id)
    assert await jobs.claim([second.id, third.id]) == {second.id, third.id}
    assert await jobs.mark_rendered(second.id, ["a.png"], 1.0) is not None
    await jobs.mark_delivered(second.id, 70)
    assert await jobs.of_message(70) is not None
    await jobs.mark_deleted(second.id)
    assert await jobs.fail(third.id, "Please try again.", "the engine died") is not None
    await storage.pool.execute("UPDATE jobs SET asked_at = asked_at - interval '1 hour'")
    assert fourth.id in {job.id for job in await jobs.orphaned([])}
    with pytest.raises(asyncpg.UndefinedTableError):
        await jobs.load_plans([fourth])


async def test_the_plans_of_a_batch_are_loaded_by_one_statement(storage: Storage) -> None:
    """In the order of the jobs, each with its own strengths, shared vectors only once."""
    plans = [
        a_plan(embeddings=(a_placed("blur", strength=strength), a_placed("tint", seed=9)), seed=seed)
        for seed, strength in enumerate((1.0, 0.5, 0.8))
    ]
    jobs = [await added(storage.jobs, plan=plan) for plan in plans]
    loaded = await storage.jobs.load_plans(jobs[::-1])
    assert list(loaded) == plans[::-1]
    assert loaded[0].embeddings[1].vectors is loaded[2].embeddings[1].vectors
    assert loaded[0].embeddings[0].vectors["clip_demo"].tobytes() == a_placed("blur").vectors["clip_demo"].tobytes()


async def test_a_plan_without_embeddings_needs_no_vectors(storage: Storage) -> None:
    job = await storage.jobs.add(a_plan(embeddings=()), a_target())
    assert await storage.jobs.load_plans([job]) == (a_plan(embeddings=()),)
