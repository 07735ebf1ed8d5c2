"""Nothing is lost: take up what a restart left behind, and what fell out of every hand while the database was away."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from services.errors import Unavailable
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.queue.delivery import Delivery
from services.queue.fair import FairQueue
from services.queue.worker import Worker
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

TEND_INTERVAL = 10.0  # seconds between two looks
PRUNE_INTERVAL = 600.0  # seconds


class Resuming:
    """The rows are the truth; this brings the queue and the delivery back in line with them."""

    def __init__(
        self, *, jobs: JobStore, queue: FairQueue, worker: Worker, delivery: Delivery, pictures: PictureStore
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._worker = worker
        self._delivery = delivery
        self._pictures = pictures

    async def resume(self) -> None:
        """After a start: take up everything whose member is not answered yet, in the order it was asked."""
        handed_back = await self._jobs.hand_back()
        unanswered = await self._jobs.open()
        if unanswered:
            log.info("%d jobs wait for an answer; %d of them were being drawn", len(unanswered), handed_back)
        self._take_up(unanswered)

    async def tend(self) -> None:
        """From time to time take up open jobs that nobody has in hand."""
        while True:
            await asyncio.sleep(TEND_INTERVAL)
            in_hand = {job.id for job in (*self._queue.waiting, *self._worker.running)} | self._delivery.pending
            try:
                strays = await self._jobs.strays(in_hand)
            except Unavailable:
                continue
            for job in strays:
                log.warning("job %s (%s) was in nobody's hands", job.id, job.state)
            self._take_up(strays)

    async def prune(self) -> None:
        """From time to time delete old pictures, but none that is still to be sent."""
        while True:
            await asyncio.sleep(PRUNE_INTERVAL)
            with suppress(Unavailable, OSError):
                if pruned := await self._pictures.prune(await self._jobs.pictures_wanted()):
                    log.info("%d old pictures are deleted", pruned)

    def _take_up(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.state is JobState.QUEUED:
                self._queue.put_nowait(job)
            else:
                self._delivery.answer(job)
        if jobs:
            self._worker.announce()
