"""The line: jobs that wait in fair order or are being drawn, and what their members hear about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from services.errors import LimitReached
from services.jobs import Job, JobId
from services.queue.delivery import Delivery
from services.queue.fair import FairQueue
from services.queue.pace import Pace
from services.queue.turn import Turn

#: Discord's tokens and members' patience both run out long before a line of this length does
MAX_LINE = 500


class Line:
    """Knows which jobs are in hand; knows no engine and no database."""

    def __init__(self, delivery: Delivery, *, per_member: int) -> None:
        self._delivery = delivery
        self._per_member = per_member
        self._queue = FairQueue()
        self._joining: dict[int, int] = {}
        self.pace = Pace()
        #: jobs that were taken out of the queue and aren't finished
        self.running: list[Job] = []

    @property
    def waiting(self) -> list[Job]:
        """Jobs that nobody draws yet, the next one first."""
        return self._queue.waiting

    @property
    def pending(self) -> set[JobId]:
        """Jobs whose answers are being sent."""
        return self._delivery.pending

    @property
    def in_hand(self) -> set[JobId]:
        """Every job that this process is going to finish or answer."""
        return {job.id for job in (*self._queue.waiting, *self.running)} | self.pending

    def check_room(self, member_id: int, most: int | None = None) -> None:
        """Raise LimitReached, if this member has enough in line, or the line is full.

        `most` is the server's own limit, where that is lower; the member's requests count wherever they were made.
        """
        waiting = self._queue.waits_of(member_id) + self.joining(member_id)
        if waiting >= min(self._per_member, most or self._per_member):
            raise LimitReached(
                f"You already have {waiting} requests in line, which is the limit. Try again when one is done."
            )
        if self._queue.qsize() >= MAX_LINE:
            raise LimitReached("The line is full right now; please try again in a few minutes.")

    def joining(self, member_id: int) -> int:
        """How many jobs of a member are about to join."""
        return self._joining.get(member_id, 0)

    def reserve(self, member_id: int, most: int | None = None) -> Reservation:
        """Room for a job that is about to join, as a context manager.

        Raises: LimitReached, as `check_room` does.
        """
        self.check_room(member_id, most)
        return Reservation(self._joining, member_id)

    def join(self, *jobs: Job) -> None:
        for job in jobs:
            self._queue.put_nowait(job)

    def leave(self, job_id: JobId) -> None:
        """Take a job out of line as if it had never been asked for."""
        self._queue.withdraw(job_id)

    def announce(self) -> None:
        """Tell everybody in line where they are."""
        self._delivery.line_moved(self.pace.line(self.running, self._queue.in_order))

    async def next_batch(self, max_pictures: int) -> list[Job]:
        """Wait for the next job and take it, with every waiting job that can share its batch; they are `running` now.

        Turns that come before it are taken first.
        """
        while isinstance(first := await self._queue.get(), Turn):
            await first.take()
        self.running = [first, *self._queue.take_company(first, max_pictures)]
        return self.running

    @asynccontextmanager
    async def turn(self, member_id: int, checkpoint: str, work: int, most: int | None = None) -> AsyncIterator[None]:
        """The engine for the block, when it is this member's turn; `work` is in pixel steps.

        Raises: LimitReached, as `check_room` does.
        """
        self.check_room(member_id, most)
        turn = Turn(member_id, checkpoint, work)
        self._queue.put_nowait(turn)
        try:
            await turn.until_it_comes()
            yield
        finally:
            self._queue.withdraw(turn.id)  # if it hasn't come
            turn.end()

    def finished(self, jobs: Iterable[Job]) -> None:
        """Drop jobs from `running`."""
        ids = {job.id for job in jobs}
        self.running = [job for job in self.running if job.id not in ids]


class Reservation:
    """Counts a job against its member's limit between the check and the moment it is in line."""

    def __init__(self, joining: dict[int, int], member_id: int) -> None:
        self._joining = joining
        self._member_id = member_id

    def __enter__(self) -> None:
        self._joining[self._member_id] = self._joining.get(self._member_id, 0) + 1

    def __exit__(self, *_: object) -> None:
        self._joining[self._member_id] -= 1
        if not self._joining[self._member_id]:
            del self._joining[self._member_id]
