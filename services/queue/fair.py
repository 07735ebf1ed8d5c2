"""The order of the line: fair among members, whatever each of them asks for.

Start-time fair queueing: a job starts where its member's last one ends, or now; the earliest start goes first. So ten requests
of one member never come before the first of another, and large requests count for more than small ones.

Source: Goyal, Vin and Cheng 1996, "Start-time fair queuing". The clock is work, in pixel steps, not seconds.
"""

from __future__ import annotations

import asyncio
import heapq

from services.jobs import Job, JobId
from services.queue.turn import Turn

Waiting = Job | Turn


class FairQueue(asyncio.Queue[Waiting]):
    """An asyncio queue of jobs, and of turns that cost as much, whose `get` is fair; both can leave from the middle."""

    def _init(self, maxsize: int) -> None:
        # asyncio checks `_queue` to see whether it is empty; here it is a heap
        self._queue: list[tuple[int, int, Waiting]] = []
        self._now = 0
        self._ends: dict[int, int] = {}  # member → virtual time at which their last job ends

    def _put(self, item: Waiting) -> None:
        if any(other.id == item.id for _, _, other in self._queue):
            return
        member, start = item.member_id, self._now
        if not item.attempts:  # a retry was counted before, and has waited its turn
            start = max(start, self._ends.get(member, 0))
            self._ends[member] = start + item.work
        heapq.heappush(self._queue, (start, item.id, item))

    def _get(self) -> Waiting:
        start, _, item = heapq.heappop(self._queue)
        self._now = start
        self._ends = {member: end for member, end in self._ends.items() if end > start}
        return item

    def qsize(self) -> int:
        return len(self._queue)

    @property
    def in_order(self) -> list[Waiting]:
        """Everything in line, the next one first."""
        return [item for _, _, item in sorted(self._queue)]

    @property
    def waiting(self) -> list[Job]:
        """The jobs in line, the next one first."""
        return [item for item in self.in_order if isinstance(item, Job)]

    def waits_of(self, member_id: int) -> int:
        """How many jobs and turns this member has in line."""
        return sum(item.member_id == member_id for _, _, item in self._queue)

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
        """Take a job or a turn out of line as if it had never been asked for; False, if it isn't in it."""
        found = next(((start, item) for start, _, item in self._queue if item.id == job_id), None)
        if found is None:
            return False
        self._drop({job_id})
        start, item = found
        member, work = item.member_id, item.work
        self._queue = [
            (begin - work if other.member_id == member and begin > start else begin, serial, other)
            for begin, serial, other in self._queue
        ]
        heapq.heapify(self._queue)
        if member in self._ends:
            self._ends[member] -= work
        return True

    def _drop(self, ids: set[JobId]) -> None:
        self._queue = [entry for entry in self._queue if entry[2].id not in ids]
        heapq.heapify(self._queue)
