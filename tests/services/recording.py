"""A delivery that remembers what it was given, in the order it came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.jobs import Job, JobId


class RecordingDelivery:
    """Implements services.delivery.Delivery."""

    def __init__(self) -> None:
        self.done: dict[JobId, Job] = {}
        self.failures: dict[JobId, str] = {}
        self.withdrawals: list[JobId] = []
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

    def finished(self, job: Job) -> None:
        assert job.id not in self.done, f"job {job.id} was delivered twice"
        assert job.id not in self.failures, f"job {job.id} had failed already"
        self.done[job.id] = job
        self._changed.set()

    def failed(self, job: Job, sentence: str) -> None:
        assert job.id not in self.done, f"job {job.id} was delivered already"
        assert job.id not in self.failures, f"job {job.id} failed twice"
        self.failures[job.id] = sentence
        self._changed.set()

    def withdrawn(self, job: Job) -> None:
        self.withdrawals.append(job.id)

    async def until_answered(self, *ids: JobId, timeout: float = 120) -> None:
        """Wait until each of these jobs is done or has failed."""
        async with asyncio.timeout(timeout):
            while not set(ids) <= self.done.keys() | self.failures.keys():
                self._changed.clear()
                await self._changed.wait()
