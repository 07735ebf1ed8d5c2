"""One task per GPU: takes the next job and every queued one that can share its batch, renders, stores, hands over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from services.checkpoints import Shelf
from services.engine.messages import Progress, Rendered, RenderRequest
from services.engine.process import CheckpointUnusable, Engine
from services.errors import EngineDied, EngineError, Unavailable, UserError
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.queue.delivery import Delivery
from services.queue.fair import FairQueue
from services.queue.pace import Pace
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: a job whose engine died twice is what kills it
MAX_ATTEMPTS = 2
#: between two signs of life of what is being drawn
BEAT_INTERVAL = 5.0  # seconds


class Worker:
    """Owns the engine. `run` is the task."""

    def __init__(
        self,
        *,
        queue: FairQueue,
        engine: Engine,
        jobs: JobStore,
        pictures: PictureStore,
        shelf: Shelf,
        delivery: Delivery,
        pace: Pace,
        batch_pictures: int,
        default_model: str,
    ) -> None:
        self._queue = queue
        self._engine = engine
        self._jobs = jobs
        self._pictures = pictures
        self._shelf = shelf
        self._delivery = delivery
        self._pace = pace
        self._batch_pictures = batch_pictures
        self._default_model = default_model
        self.running: list[Job] = []
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_closing = False

    async def run(self) -> None:
        """Work until cancelled, or told to wind down. Nothing that a job does ends the loop."""
        await self._warm_up()
        beating = asyncio.create_task(self._beat())
        try:
            while not self._is_closing:
                await self._work_safely(await self._next_batch_safely())
        finally:
            beating.cancel()

    async def wind_down(self, seconds: float) -> None:
        """Begin nothing new; let what is being drawn end, and put it back in line if it does not in time."""
        self._is_closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_idle.wait(), seconds)
            return
        unfinished = self.running
        log.info("jobs %s are put back in line", [job.id for job in unfinished])
        await asyncio.to_thread(self._engine.kill)
        for job in unfinished:
            begun = job.state is JobState.RUNNING  # that try was not the job's fault
            await self._jobs.release(job.id, job.attempts - 1 if begun else job.attempts)

    def announce(self) -> None:
        """Tell everybody in line where they stand."""
        self._delivery.line_moved(self._pace.line(self.running, self._queue.waiting))

    async def _warm_up(self) -> None:
        """Read the default model before anybody asks for it; whatever is wrong shows when somebody does."""
        try:
            checkpoint = self._shelf.find_installed(self._default_model)
            await self._engine.render(
                RenderRequest(checkpoint, self._shelf.installation(checkpoint.id), ()), lambda _: None
            )
        except CheckpointUnusable as error:
            log.error("%s", error)
            self._shelf.forget(self._default_model, str(error))
        except (UserError, EngineError, OSError) as error:
            log.warning("the default model is not ready: %s", error)

    async def _beat(self) -> None:
        """Say in the rows, again and again, that what is being drawn is still in hand."""
        while True:
            await asyncio.sleep(BEAT_INTERVAL)
            if self.running:
                try:
                    await self._jobs.beat(job.id for job in self.running)
                except Exception as error:  # the next one may work
                    log.warning("no sign of life could be given: %s", error)

    async def _next_batch_safely(self) -> list[Job]:
        try:
            return await self._next_batch()
        except Exception:  # a database that takes nothing, say
            log.exception("jobs %s could not be begun; they stay in line", [job.id for job in self.running])
            await asyncio.sleep(BEAT_INTERVAL)
            for job in self.running:
                self._queue.put_nowait(job)
            return []

    async def _next_batch(self) -> list[Job]:
        first = await self._queue.get()
        self._is_idle.clear()
        batch = [first, *self._queue.take_company(first, self._batch_pictures)]
        self.running = batch  # from here on they are in no line
        try:
            claimed = await self._jobs.claim(job.id for job in batch)
            missed = await self._jobs.queued(job.id for job in batch if job.id not in claimed)
        except Unavailable:
            log.warning("jobs %s could not be claimed; they stay in line", [job.id for job in batch])
            await self._put_back(batch)
            return []
        for job in batch:
            if job.id in missed:  # somebody changes its row just now
                self._queue.put_nowait(job)
        return [job.evolve(state=JobState.RUNNING, attempts=job.attempts + 1) for job in batch if job.id in claimed]

    async def _work_safely(self, batch: list[Job]) -> None:
        self.running = batch
        try:
            if batch and not self._is_closing:
                await self._work(batch)
            elif batch:
                await self._put_back([job.evolve(attempts=job.attempts - 1) for job in batch])
        except Exception:  # a bug; the jobs get an answer and the others go on
            log.exception("jobs %s failed for a reason nobody foresaw", [job.id for job in batch])
            await self._fail(self.running, EngineError.calm, "bug")
        finally:
            self.running = []
            self._is_idle.set()
            self.announce()

    async def _work(self, batch: list[Job]) -> None:
        self.announce()
        for job in batch:
            self._delivery.progress(job, 0, job.parameters.steps)
        try:
            rendered = await self._render(batch)
        except EngineDied as error:
            log.warning("%s", error)
            await self._try_again(batch, error)
        except EngineError as error:
            log.error("jobs %s: %s", [job.id for job in batch], error)
            if isinstance(error, CheckpointUnusable):
                self._shelf.forget(batch[0].parameters.checkpoint, str(error))
            await self._fail(batch, error.calm, str(error))
        except UserError as error:  # the checkpoint was taken away since
            await self._fail(batch, str(error), str(error))
        else:
            await self._finish(batch, rendered)

    async def _render(self, batch: Sequence[Job]) -> Rendered:
        checkpoint = self._shelf.find(batch[0].parameters.checkpoint)
        plans = tuple(job.parameters for job in batch)
        request = RenderRequest(checkpoint, self._shelf.installation(checkpoint.id), plans)

        def on_progress(progress: Progress) -> None:
            for job in batch:
                self._delivery.progress(job, progress.step, progress.steps)

        return await self._engine.render(request, on_progress)

    async def _finish(self, batch: Sequence[Job], rendered: Rendered) -> None:
        work = sum(job.parameters.pixel_steps for job in batch)
        self._pace.learn(batch[0].parameters.checkpoint, work, rendered.seconds)
        for job, files in zip(batch, rendered.pictures, strict=True):
            try:
                names = await self._pictures.keep(files)
            except OSError as error:  # the disk is full, say
                log.error("the pictures of job %s cannot be kept: %s", job.id, error)
                await self._fail([job], EngineError.calm, str(error))
            else:
                done = await self._jobs.rendered(job.id, names, rendered.seconds)
                if done is not None:
                    self._delivery.answer(done)
            self.running = [one for one in self.running if one.id != job.id]

    async def _try_again(self, batch: Sequence[Job], error: EngineError) -> None:
        if self._is_closing:  # the engine was stopped by ourselves
            return
        given_up = [job for job in batch if job.attempts >= MAX_ATTEMPTS]
        await self._fail(given_up, error.calm, str(error))
        await self._put_back([job for job in batch if job.attempts < MAX_ATTEMPTS])

    async def _put_back(self, batch: Sequence[Job]) -> None:
        for job in batch:
            await self._jobs.release(job.id, job.attempts)
            self._queue.put_nowait(job.evolve(state=JobState.QUEUED))

    async def _fail(self, batch: Sequence[Job], sentence: str, reason: str) -> None:
        for job in batch:
            failed = await self._jobs.fail(job.id, sentence, reason)
            if failed is not None:
                self._delivery.answer(failed)
