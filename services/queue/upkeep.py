"""Nothing is lost: resume what a restart interrupted, adopt orphaned jobs, and prune old pictures."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from services.errors import Unavailable
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.queue.delivery import Delivery
from services.queue.line import Line
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

TEND_INTERVAL = 10.0  # seconds
PRUNE_INTERVAL = 600.0  # seconds


class Upkeep:
    """The rows are the truth; this brings the line and the delivery back in step with them."""

    def __init__(self, *, jobs: JobStore, line: Line, delivery: Delivery, pictures: PictureStore) -> None:
        self._jobs = jobs
        self._line = line
        self._delivery = delivery
        self._pictures = pictures

    async def resume(self) -> None:
        """After a start: adopt every job whose member hasn't been answered, in the order in which they asked."""
        requeued = await self._jobs.requeue_running()
        unanswered = await self._jobs.unanswered()
        if unanswered:
            log.info("%d jobs are unanswered; %d of them were being drawn", len(unanswered), requeued)
        self._adopt(unanswered)

    async def tend(self) -> None:
        """Every so often adopt open jobs that have fallen through the cracks."""
        while True:
            await asyncio.sleep(TEND_INTERVAL)
            try:
                orphans = await self._jobs.orphaned(self._line.in_hand)
            except Unavailable:
                continue
            for job in orphans:
                log.warning("job %s (%s) was orphaned", job.id, job.state)
            self._adopt(orphans)

    async def prune(self) -> None:
        """Every so often delete old pictures, but none that is still to be sent."""
        while True:
            await asyncio.sleep(PRUNE_INTERVAL)
            with suppress(Unavailable, OSError):
                if pruned := await self._pictures.prune(await self._jobs.undelivered_pictures()):
                    log.info("deleted %d old pictures", pruned)

    def _adopt(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.state is JobState.QUEUED:
                self._line.join(job)
            else:
                self._delivery.answer(job)
        if jobs:
            self._line.announce()
