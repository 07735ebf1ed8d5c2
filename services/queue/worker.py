"""The worker task, one per GPU: takes the next batch from the line, renders it, stores the pictures and hands them over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice
from typing import TypeVar

from services.engine.messages import Progress, Rendered, RenderRequest
from services.engine.process import CheckpointUnusable, Engine
from services.errors import EngineDied, EngineError, OutOfMemory, Unavailable, UserError
from services.incidents import apology, log_incident
from services.jobs import Job, JobState, Reason
from services.pictures.store import PictureStore
from services.queue.delivery import Delivery
from services.queue.line import Line
from services.stock import Stock
from services.storage.jobs import JobStore
from services.storage.retries import retry_while_unavailable

log = logging.getLogger(__name__)

#: a job that was there when the engine died twice is what kills it
MAX_ATTEMPTS = 2
HEARTBEAT_INTERVAL = 5.0  # seconds

T = TypeVar("T")


class Worker:
    """Owns the engine. `run` is the task."""

    def __init__(
        self,
        *,
        line: Line,
        engine: Engine,
        jobs: JobStore,
        pictures: PictureStore,
        stock: Stock,
        delivery: Delivery,
        batch_pictures: int,
    ) -> None:
        self._line = line
        self._engine = engine
        self._jobs = jobs
        self._pictures = pictures
        self._stock = stock
        self._delivery = delivery
        self._batch_pictures = batch_pictures
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_closing = False

    async def run(self) -> None:
        """Work until cancelled or wound down. No job, whatever it does, ends the loop."""
        await self._warm_up()
        heartbeat = asyncio.create_task(self._beat())
        try:
            while not self._is_closing:
                await self._work_safely(await self._next_batch_safely())
        finally:
            heartbeat.cancel()

    async def wind_down(self, seconds: float) -> None:
        """Start nothing new; let the running batch finish, and put it back in line if it doesn't in time."""
        self._is_closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_idle.wait(), seconds)
            return
        unfinished = self._line.running
        log.info("putting jobs %s back in line", [job.id for job in unfinished])
        await asyncio.to_thread(self._engine.kill)
        for job in unfinished:
            has_started = job.state is JobState.RUNNING  # the attempt was cut short through no fault of the job
            await self._jobs.release(job.id, job.attempts - 1 if has_started else job.attempts)

    async def _warm_up(self) -> None:
        """Load the default model before anyone asks for it; if that fails, the first request for it will say why."""
        try:
            checkpoint = self._stock.installed_checkpoint(None)
            installation = self._stock.shelf.installation(checkpoint.id)
        except UserError as error:
            log.warning("no model to start with: %s", error)
            return
        try:
            await self._engine.render(RenderRequest(checkpoint, installation, ()), lambda _: None)
        except CheckpointUnusable as error:
            log.error("%s", error)
            self._stock.shelf.mark_broken(checkpoint.id, str(error))
        except (EngineError, OSError) as error:
            log.warning("the default model is not ready: %s", error)

    async def _beat(self) -> None:
        """Refresh the heartbeat of running rows, so that they don't count as abandoned."""
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            if self._line.running:
                try:
                    await self._jobs.record_heartbeat(job.id for job in self._line.running)
                except Exception as error:  # the next one may work
                    log.warning("heartbeat failed: %s", error)

    async def _next_batch_safely(self) -> list[Job]:
        try:
            return await self._next_batch()
        except Exception:  # for example, a database that has become read-only
            jobs = self._line.running
            log.exception("jobs %s could not be started; they stay in line", [job.id for job in jobs])
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            self._line.join(*jobs)
            return []

    async def _next_batch(self) -> list[Job]:
        batch = await self._line.next_batch(self._batch_pictures)
        self._is_idle.clear()
        try:
            claimed = await self._jobs.claim(job.id for job in batch)
            missed = await self._jobs.still_queued(job.id for job in batch if job.id not in claimed)
        except Unavailable:
            log.warning("jobs %s could not be claimed; they stay in line", [job.id for job in batch])
            await self._put_back(batch)
            return []
        self._line.join(*(job for job in batch if job.id in missed))  # something else is changing their rows right now
        return [job.evolve(state=JobState.RUNNING, attempts=job.attempts + 1) for job in batch if job.id in claimed]

    async def _work_safely(self, batch: list[Job]) -> None:
        self._line.running = batch
        try:
            if batch and not self._is_closing:
                await self._work(batch)
            elif batch:
                await self._put_back([job.evolve(attempts=job.attempts - 1) for job in batch])
        except Exception as error:  # a bug; these jobs get an answer and the others go on
            incident = log_incident(error, f"rendering jobs {[job.id for job in batch]}")
            await self._fail(self._line.running, apology(incident), f"incident {incident}: {error!r}", Reason.BUG)
        finally:
            self._line.running = []
            self._is_idle.set()
            self._line.announce()

    async def _work(self, batch: list[Job]) -> None:
        self._line.announce()
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
                self._stock.shelf.mark_broken(batch[0].parameters.checkpoint, str(error))
            await self._fail(batch, error.calm, str(error), _reason(error))
        except UserError as error:  # the checkpoint has been uninstalled since
            await self._fail(batch, str(error), str(error), Reason.MODEL_MISSING)
        else:
            await self._finish(batch, rendered)

    async def _render(self, batch: Sequence[Job]) -> Rendered:
        checkpoint = self._stock.shelf.find(batch[0].parameters.checkpoint)
        plans = await retry_while_unavailable(self._jobs.load_plans)(batch)
        parts = [plan.parts for plan in plans]
        request = RenderRequest(checkpoint, self._stock.shelf.installation(checkpoint.id), tuple(chain(*parts)))

        def on_progress(progress: Progress) -> None:
            for job in batch:
                self._delivery.progress(job, progress.step, progress.steps)

        rendered = await self._engine.render(request, on_progress)
        counts = [len(own) for own in parts]
        return replace(rendered, pictures=_regroup(rendered.pictures, counts), scores=_regroup(rendered.scores, counts))

    async def _finish(self, batch: Sequence[Job], rendered: Rendered) -> None:
        work = sum(job.parameters.pixel_steps for job in batch)
        self._line.pace.learn(batch[0].parameters.checkpoint, work, rendered.seconds)
        for job, files, scores in zip(batch, rendered.pictures, rendered.scores, strict=True):
            try:
                names = await self._pictures.save(files)
            except OSError as error:  # for example, the disk is full
                log.error("the pictures of job %s cannot be kept: %s", job.id, error)
                await self._fail([job], EngineError.calm, str(error), Reason.DISK)
            else:
                done = await self._jobs.mark_rendered(job.id, names, rendered.seconds, scores)
                if done is not None:
                    self._delivery.answer(done)
            self._line.finished([job])

    async def _try_again(self, batch: Sequence[Job], error: EngineError) -> None:
        if self._is_closing:  # we killed the engine ourselves
            return
        given_up = [job for job in batch if job.attempts >= MAX_ATTEMPTS]
        await self._fail(given_up, error.calm, str(error), _reason(error))
        await self._put_back([job for job in batch if job.attempts < MAX_ATTEMPTS])

    async def _put_back(self, batch: Sequence[Job]) -> None:
        for job in batch:
            await self._jobs.release(job.id, job.attempts)
            self._line.join(job.evolve(state=JobState.QUEUED))

    async def _fail(self, batch: Sequence[Job], sentence: str, error: str, reason: Reason) -> None:
        for job in batch:
            failed = await self._jobs.fail(job.id, sentence, error, reason)
            if failed is not None:
                self._delivery.answer(failed)


def _reason(error: EngineError) -> Reason:
    match error:
        case EngineDied():
            return Reason.ENGINE_DIED
        case OutOfMemory():
            return Reason.OUT_OF_MEMORY
        case CheckpointUnusable():
            return Reason.MODEL_BROKEN
        case _:
            return Reason.ENGINE


def _regroup(parts: Iterable[Sequence[T]], counts: Iterable[int]) -> tuple[tuple[T, ...], ...]:
    """What belongs to each job, of which each had so many parts."""
    remaining = iter(parts)
    return tuple(tuple(chain.from_iterable(islice(remaining, count))) for count in counts)
