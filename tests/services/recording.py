"""A delivery that records what it is given, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.jobs import Job, JobId, JobState


class RecordingDelivery:
    """Implements services.queue.delivery.Delivery."""

    def __init__(self) -> None:
        self.done: dict[JobId, Job] = {}
        self.failures: dict[JobId, str] = {}
        self.cancelled: list[JobId] = []
        self.lines: list[list[JobId]] = []
        self.steps: dict[JobId, list[int]] = {}
        #: called with every job that makes progress, and its step
        self.on_step: Callable[[Job, int], None] = lambda job, step: None
        self._changed = asyncio.Event()

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        self.lines.append([job.id for job, _ in line])

    def progress(self, job: Job, step: int, steps: int) -> None:
        self.steps.setdefault(job.id, []).append(step)
        self.on_step(job, step)

    def answer(self, job: Job) -> None:
        assert job.id not in self.done, f"job {job.id} has already been answered with pictures"
        assert job.id not in self.failures, f"job {job.id} has already been answered with a failure"
        match job.state:
            case JobState.RENDERED:
                self.done[job.id] = job
            case JobState.FAILED:
                self.failures[job.id] = job.sentence or ""
            case _:
                assert job.state is JobState.CANCELLED
                self.cancelled.append(job.id)
        self._changed.set()

    @property
    def pending(self) -> set[JobId]:
        return {*self.done, *self.failures, *self.cancelled}

    async def until_answered(self, *ids: JobId, timeout: float = 120) -> None:
        """Wait until each of these jobs is done or has failed."""
        async with asyncio.timeout(timeout):
            while not set(ids) <= self.done.keys() | self.failures.keys():
                self._changed.clear()
                await self._changed.wait()
