"""Helpers that store and inspect job rows."""

from __future__ import annotations

from services.jobs import Job, JobState
from services.parameters import GenerationParameters
from services.storage.jobs import JobStore
from tests.builders import a_plan, a_target


async def added(jobs: JobStore, member_id: int = 1, plan: GenerationParameters | None = None) -> Job:
    return await jobs.add(plan or a_plan(), a_target(member_id))


async def state_of(jobs: JobStore, job: Job) -> JobState:
    found = await jobs.get(job.id)
    assert found is not None
    return found.state


async def delivered(jobs: JobStore, message_id: int) -> Job:
    job = await added(jobs)
    await jobs.claim([job.id])
    await jobs.mark_rendered(job.id, ["a.png"], 1.5)
    await jobs.mark_delivered(job.id, message_id)
    return job
