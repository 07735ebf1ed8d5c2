"""The service behind /imagine and rerolls: fills a wish in, plans it, stores the job, puts it in line."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from services.errors import LimitReached, NotAllowed, Unavailable, UserError
from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import MAX_COUNT, MAX_SEED
from services.planning.planner import Planned, Planner
from services.presets import Presets
from services.queue.delivery import Delivery
from services.queue.fair import FairQueue
from services.queue.worker import Worker
from services.requests import GenerationRequest
from services.storage.jobs import JobStore

#: Discord's tokens and members' patience both end long before a line of this length does
MAX_LINE = 500

#: tells the member that the request was taken; returns the id of the message that does, or None where nobody knows of one
Acknowledge = Callable[[], Awaitable[int | None]]


class NotAcknowledged(Exception):
    """The member was told by Discord that nothing came of the request."""


async def silently() -> int | None:
    """For requests that have no acknowledgement, as reactions."""
    return None


class Generation:
    """Knows where to answer only as ids."""

    def __init__(
        self,
        *,
        planner: Planner,
        presets: Presets,
        jobs: JobStore,
        queue: FairQueue,
        worker: Worker,
        delivery: Delivery,
        waits_per_member: int,
    ) -> None:
        self._planner = planner
        self._presets = presets
        self._jobs = jobs
        self._queue = queue
        self._worker = worker
        self._delivery = delivery
        self._waits_per_member = waits_per_member
        self._submitting: dict[int, int] = {}
        self._uses: dict[int, dict[str, int]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def plan(
        self,
        request: GenerationRequest,
        *,
        preset: str | None,
        guild_id: int | None,
        channel_ids: Sequence[int],
        member_id: int,
    ) -> Planned:
        """Make the plan for a wish; nothing is stored yet. Of a thread, its channel's id follows its own.

        Raises: UserError.
        """
        self._check_limits(member_id)
        request = self._planner.embeddings_apart(request)  # what a preset fixes is fixed wherever it is written
        filled = await self._presets.fill_in(request, preset, guild_id, channel_ids)
        planned = await asyncio.to_thread(self._planner.plan, filled.request)
        await self._presets.count_use(filled)
        return replace(planned, hints=(*filled.notes, *planned.hints))

    async def submit(
        self,
        planned: Planned,
        target: ReplyTarget,
        acknowledge: Acknowledge = silently,
        *,
        origin: int | None = None,
        parent_id: JobId | None = None,
    ) -> Job:
        """Store the job, then tell the member that it is taken, then put it in line.

        In this order, so that a promise outlives whatever happens after it.

        Raises: UserError, before the acknowledgement: the member waits for enough already, or nothing can be stored now.
        NotAcknowledged, and then there is no job.
        """
        self._check_limits(target.member_id)
        self._submitting[target.member_id] = self._submitting.get(target.member_id, 0) + 1
        try:
            job = await self._store(planned, target, acknowledge, origin, parent_id)
            if job.state is JobState.QUEUED:  # a request that was repeated may have got further
                self._queue.put_nowait(job)
        finally:
            self._submitting[target.member_id] -= 1
        self._count_uses(job)
        self._worker.announce()
        if job.target.reply_id is not None:
            await self._jobs.set_reply(job.id, job.target.reply_id)
        return job

    async def _store(
        self,
        planned: Planned,
        target: ReplyTarget,
        acknowledge: Acknowledge,
        origin: int | None,
        parent_id: JobId | None,
    ) -> Job:
        try:
            job = await self._jobs.add(
                planned.parameters, target, origin=origin, parent_id=parent_id, hints=planned.hints
            )
            reply_id = await acknowledge()
        except (Unavailable, NotAcknowledged):
            # The member is told to ask again, so a row that was made all the same must not count. Whoever asked silently
            # comes back with the same origin.
            if origin is not None and acknowledge is not silently:
                self._in_background(self._jobs.withdraw(origin))
            raise
        return job.evolve(target=replace(job.target, reply_id=reply_id))

    async def plan_reroll(self, job: Job, member_id: int, *, with_new_seed: bool = True) -> Planned:
        """The same plan, usually with a new seed, whatever has been uninstalled since.

        Raises: UserError, if the member waits for enough already, or the picture was taken down.
        """
        if job.state is JobState.DELETED:
            raise UserError("That picture was taken down, so it is not rerolled; /imagine makes a new one.")
        self._check_limits(member_id)
        seed = secrets.randbelow(MAX_SEED - MAX_COUNT) if with_new_seed else job.parameters.seed
        return Planned(replace(job.parameters, seed=seed), job.hints)

    async def job(self, job_id: JobId) -> Job:
        """A stored job.

        Raises: UserError, if there is none.
        """
        job = await self._jobs.get(job_id)
        if job is None:
            raise UserError("This picture is not in my books any more; /imagine makes a new one.")
        return job

    async def job_of_message(self, message_id: int) -> Job | None:
        """The job whose pictures a message shows, unless they were taken down."""
        job = await self._jobs.of_message(message_id)
        return job if job is not None and job.state is not JobState.DELETED else None

    async def cancel(self, job_id: JobId, member_id: int, *, is_moderator: bool) -> Job:
        """Withdraw a job that is still in line.

        Raises: UserError, if it is somebody else's or no longer in line.
        """
        job = await self.job(job_id)
        if job.target.member_id != member_id and not is_moderator:
            raise NotAllowed("Only the one who asked for a picture, or a moderator, can cancel it.")
        if not await self._jobs.cancel(job_id):
            raise UserError("It is being drawn already, so it cannot be cancelled any more.")
        self._queue.withdraw(job_id)
        self._delivery.answer(job.evolve(state=JobState.CANCELLED))
        self._worker.announce()
        return job

    async def take_down(self, job_id: JobId, member_id: int, *, is_moderator: bool) -> Job:
        """Note that the message with a job's pictures is to be deleted.

        Raises: UserError, if it is somebody else's.
        """
        job = await self.job(job_id)
        if job.target.member_id != member_id and not is_moderator:
            raise NotAllowed("Only the one who asked for a picture, or a moderator, can delete it.")
        await self._jobs.deleted(job_id)
        return job

    async def learn_uses(self) -> None:
        """Count what was used so far; without it autocomplete only orders less well."""
        with suppress(Unavailable):
            for guild_id, uses in (await self._jobs.uses()).items():
                self._uses[guild_id] = uses

    def uses_in(self, guild_id: int | None) -> Mapping[str, int]:
        """How often each embedding was used in a server."""
        return self._uses.get(guild_id or 0, {})

    def _check_limits(self, member_id: int) -> None:
        waiting = self._queue.waits_of(member_id) + self._submitting.get(member_id, 0)
        if waiting >= self._waits_per_member:
            raise LimitReached(f"You have {waiting} requests in line, which is the limit; try again when one is done.")
        if self._queue.qsize() >= MAX_LINE:
            raise LimitReached("The line is full just now; please try again in some minutes.")

    def _count_uses(self, job: Job) -> None:
        uses = self._uses.setdefault(job.target.guild_id or 0, {})
        for placed in job.parameters.embeddings:
            uses[placed.id] = uses.get(placed.id, 0) + 1

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
