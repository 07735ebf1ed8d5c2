"""The order of the line: fair among members, whatever each of them asks for.

Start-time fair queueing: a job starts where its member's last one ends, or now; the earliest start goes first. So ten requests
of one member never come before the first of another, and large requests count for more than small ones.

Source: Goyal, Vin and Cheng 1996, "Start-time fair queuing". The clock is work, in pixel steps, not seconds.
"""

from __future__ import annotations

import asyncio
import heapq

from services.jobs import Job, JobId


class FairQueue(asyncio.Queue[Job]):
    """An asyncio queue of jobs whose `get` is fair; jobs can also be removed from the middle."""

    def _init(self, maxsize: int) -> None:
        # asyncio checks `_queue` to see whether it is empty; here it is a heap
        self._queue: list[tuple[int, int, Job]] = []
        self._now = 0
        self._ends: dict[int, int] = {}  # member → virtual time at which their last job ends

    def _put(self, item: Job) -> None:
        if any(job.id == item.id for _, _, job in self._queue):
            return
        member, start = item.target.member_id, self._now
        if not item.attempts:  # a retry was counted before, and has waited its turn
            start = max(start, self._ends.get(member, 0))
            self._ends[member] = start + item.parameters.pixel_steps
        heapq.heappush(self._queue, (start, item.id, item))

    def _get(self) -> Job:
        start, _, job = heapq.heappop(self._queue)
        self._now = start
        self._ends = {member: end for member, end in self._ends.items() if end > start}
        return job

    def qsize(self) -> int:
        return len(self._queue)

    @property
    def waiting(self) -> list[Job]:
        """Everything in line, the next job first."""
        return [job for _, _, job in sorted(self._queue)]

    def waits_of(self, member_id: int) -> int:
        """How many jobs this member has in line."""
        return sum(job.target.member_id == member_id for _, _, job in self._queue)

    def take_company(self, job: Job, limit: int) -> list[Job]:
        """Remove and return jobs that can share a batch with `job`, in order, up to `limit` pictures in all.

        A retried job goes alone: it may be what killed the engine, and must not take others down with it.
        """
        company: list[Job] = []
        room = 0 if job.attempts else limit - job.parameters.count
        for other in self.waiting:
            fits = other.parameters.batch_key == job.parameters.batch_key and other.parameters.count <= room
            if fits and not other.attempts:
                company.append(other)
                room -= other.parameters.count
        self._drop({other.id for other in company})
        return company

    def withdraw(self, job_id: JobId) -> bool:
        """Take a job out of line as if it had never been asked for; False, if it isn't in it."""
        found = next(((start, job) for start, _, job in self._queue if job.id == job_id), None)
        if found is None:
            return False
        self._drop({job_id})
        start, job = found
        member, work = job.target.member_id, job.parameters.pixel_steps
        self._queue = [
            (begin - work if other.target.member_id == member and begin > start else begin, serial, other)
            for begin, serial, other in self._queue
        ]
        heapq.heapify(self._queue)
        if member in self._ends:
            self._ends[member] -= work
        return True

    def _drop(self, ids: set[JobId]) -> None:
        self._queue = [entry for entry in self._queue if entry[2].id not in ids]
        heapq.heapify(self._queue)
