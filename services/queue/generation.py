"""The service behind /imagine, rerolls, Cancel and Delete: fills in a request, plans it, stores the job, puts it in line."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from services.defaults import Defaults
from services.errors import LimitReached, NotAllowed, Unavailable, UserError
from services.jobs import Job, JobId, JobState, Origin, ReplyTarget
from services.parameters import MAX_COUNT, MAX_SEED
from services.planning.again import mended, request_of, varied, with_seed
from services.planning.comparing import Rows, plan_comparison, with_and_without
from services.planning.flags import with_flags_read
from services.planning.permission import refuse_asker, refuse_plan
from services.planning.planner import Planned, Planner
from services.presets import Presets
from services.presets.layers import Filled
from services.queue.delivery import Delivery
from services.queue.line import Line
from services.remedies import Hint
from services.requests import GenerationRequest, Member, Place
from services.stock import Stock, Stocks
from services.storage.jobs import JobStore
from services.text import plural

#: tells the member that the request was accepted; returns the id of that message, or None if it isn't known
Acknowledge = Callable[[], Awaitable[int | None]]


_HOUR = timedelta(hours=1)


class NotAcknowledged(Exception):
    """Discord has already told the member that the request failed."""


@dataclass(frozen=True, slots=True)
class Admission:
    """How a plan came in, and where it goes."""

    target: ReplyTarget
    #: a request that is repeated with the same origin is the same job
    origin: Origin
    member: Member
    #: None, if nobody waits for an acknowledgement, as for reactions
    acknowledge: Acknowledge | None = None
    parent_id: JobId | None = None


class Generation:
    """Knows where to answer only as ids."""

    def __init__(
        self, *, stocks: Stocks, presets: Presets, defaults: Defaults, jobs: JobStore, line: Line, delivery: Delivery
    ) -> None:
        self._stocks = stocks
        self._presets = presets
        self._defaults = defaults
        self._jobs = jobs
        self._line = line
        self._delivery = delivery
        self._uses: dict[int, dict[str, int]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def fill_in(self, request: GenerationRequest, preset: str | None, place: Place, member: Member) -> Filled:
        """The request with what presets and its member's own defaults add to it.

        Raises: UserError, also where this member can't ask for any picture.
        """
        refuse_asker(self._stocks.of(place.guild_id), place, member)
        filled = await self._presets.fill_in(with_flags_read(request), preset, place)
        return await self._defaults.fill_in(filled, member.id, self._stocks.of(place.guild_id))

    async def plan(self, filled: Filled, place: Place, member: Member) -> Planned:
        """Plan a request that is filled in. Nothing is stored yet.

        Raises: UserError.
        """
        stock = self._admit(place, member)
        planned = await asyncio.to_thread(Planner(stock).plan, filled.request)
        await asyncio.to_thread(refuse_plan, planned.parameters, stock, place)
        await self._presets.count_use(filled)
        parameters = replace(
            planned.parameters,
            presets=tuple(preset.name for preset in filled.used),
            locked=tuple(dict.fromkeys(field for preset in filled.used for field in preset.locked)),
        )
        return Planned(parameters, (*map(Hint, filled.notes), *planned.hints))

    async def plan_comparison(
        self, filled: Filled, place: Place, member: Member, rows: Rows | None, *, is_blind: bool
    ) -> Planned:
        """Plan a grid with and without the embeddings of a request that is filled in. Nothing is stored yet.

        Raises: UserError.
        """
        stock = self._admit(place, member)
        planned = await asyncio.to_thread(plan_comparison, filled.request, stock, rows, is_blind=is_blind)
        await asyncio.to_thread(refuse_plan, planned.parameters, stock, place)
        return replace(planned, hints=(*map(Hint, filled.notes), *planned.hints))

    async def plan_comparison_of(self, job: Job, place: Place, member: Member) -> Planned:
        """Plan a job's first picture again, beside the same without its embeddings.

        Raises: UserError, as `plan_reroll` does, and if it has no embeddings.
        """
        planned = await self.plan_reroll(job, place, member, with_new_seed=False)
        return Planned(with_and_without(planned.parameters), ())

    async def submit(self, planned: Planned, admission: Admission) -> Job:
        """Store the job, then tell the member that it is accepted, then put it in line.

        In this order, so that the promise survives whatever happens after it.

        Raises: UserError, before the acknowledgement: the member has enough in line, or nothing can be stored right now.
        NotAcknowledged, and then there is no job.
        """
        with self._line.reserve(admission.member.id, self._most_waits(admission.target.guild_id, admission.member)):
            await self._refuse_too_many(admission.target.guild_id, admission.member)
            job = await self._store(planned, admission)
            if job.state is JobState.QUEUED:  # a request that was repeated may be further along
                self._line.join(job)
        self._count_uses(job)
        self._line.announce()
        if job.target.reply_id is not None:
            await self._jobs.set_reply(job.id, job.target.reply_id)
        return job

    def _admit(self, place: Place, member: Member) -> Stock:
        """The stock of a place, where this member can ask for a picture now."""
        stock = self._stocks.of(place.guild_id)
        refuse_asker(stock, place, member)
        self._line.check_room(member.id, self._most_waits(place.guild_id, member))
        return stock

    def _most_waits(self, guild_id: int | None, member: Member) -> int | None:
        return self._stocks.of(guild_id).policy.waits_of(member.roles)

    async def _refuse_too_many(self, guild_id: int | None, member: Member) -> None:
        most = self._stocks.of(guild_id).policy.per_hour_of(member.roles)
        if most is None or guild_id is None:
            return
        asked = await self._jobs.asked_lately(member.id, guild_id, _HOUR)
        if asked + self._line.joining(member.id) > most:
            raise LimitReached(
                f"In this server you can ask for {plural(most, 'request')} an hour. Please try again later."
            )

    async def _store(self, planned: Planned, admission: Admission) -> Job:
        try:
            job = await self._jobs.add(
                planned.parameters,
                admission.target,
                origin=admission.origin,
                parent_id=admission.parent_id,
                hints=planned.hints,
            )
            reply_id = await admission.acknowledge() if admission.acknowledge else None
        except (Unavailable, NotAcknowledged):
            # The member is told to try again, so a row that was made all the same must not count. A request without an
            # acknowledgement is retried with the same origin instead.
            if admission.acknowledge is not None:
                self._in_background(self._jobs.withdraw(admission.origin))
            raise
        return job.evolve(target=replace(job.target, reply_id=reply_id))

    async def plan_reroll(self, job: Job, place: Place, member: Member, *, with_new_seed: bool = True) -> Planned:
        """The same plan, usually with a new seed, whatever has been uninstalled since.

        Raises: UserError, if the member has enough in line, the picture was deleted, or it isn't allowed here any more.
        """
        stock = self._admit(place, member)
        self._refuse_gone(job)
        await asyncio.to_thread(refuse_plan, job.parameters, stock, place)
        (plan,) = await self._jobs.load_plans([job])
        return Planned(with_seed(plan, _any_seed()) if with_new_seed else plan, job.hints)

    async def plan_variations(
        self, job: Job, place: Place, member: Member, index: int, strength: float, count: int
    ) -> Planned:
        """Plan pictures near a job's picture `index`, from 0: with some other noise mixed in, `strength` from 0 to 1.

        Raises: UserError, as `plan_reroll` does.
        """
        planned = await self.plan_reroll(job, place, member, with_new_seed=False)
        plan = varied(planned.parameters, index, strength, _any_seed(), count)
        await asyncio.to_thread(refuse_plan, plan, self._stocks.of(place.guild_id), place)
        return Planned(plan, planned.hints)

    def _refuse_gone(self, job: Job) -> None:
        if job.state is JobState.DELETED:
            raise UserError("That picture was deleted, so it can't be rerolled; /imagine makes a new one.")
        if job.is_forgotten:
            raise UserError(
                'That picture is so old that I no longer keep its prompt; try "Identify picture" in its menu.'
            )

    async def plan_mended(self, job: Job, place: Place, member: Member) -> Planned:
        """Plan a job's request again as its hint advises, the seed included, so that only that differs.

        Raises: UserError, as `plan_reroll` does.
        """
        self._refuse_gone(job)
        remedy = job.hints[0].remedy if job.hints else None
        if remedy is None:
            raise UserError("There's nothing left to do about that picture; /imagine makes a new one.")
        request = mended(request_of(job.parameters), remedy)
        return await self.plan(await self.fill_in(request, None, place, member), place, member)

    async def job(self, job_id: JobId, seen: ReplyTarget) -> Job:
        """A stored job, named by a button that was `seen` somewhere.

        Raises: UserError, if there is none, or it belongs elsewhere: ids in buttons can be forged.
        """
        job = await self._jobs.get(job_id)
        if job is None or not seen.shows(job):
            raise UserError("I no longer have a record of this picture; /imagine makes a new one.")
        return job

    async def job_of_message(self, message_id: int, seen: ReplyTarget) -> Job | None:
        """The job whose pictures a message shows, unless they were deleted."""
        job = await self._jobs.of_message(message_id)
        return job if job is not None and job.state is not JobState.DELETED and seen.shows(job) else None

    async def cancel(self, job_id: JobId, seen: ReplyTarget, *, is_moderator: bool) -> None:
        """Take a job out of line.

        Raises: UserError, if it is somebody else's or no longer in line.
        """
        job = await self.job(job_id, seen)
        if job.target.member_id != seen.member_id and not is_moderator:
            raise NotAllowed("Only the member who asked for this picture, or a moderator, can cancel it.")
        if not await self._jobs.cancel(job_id):
            raise UserError("It's already being drawn, so it can't be cancelled any more.")
        self._line.leave(job_id)
        self._delivery.answer(job.evolve(state=JobState.CANCELLED))
        self._line.announce()

    async def delete(self, job_id: JobId, seen: ReplyTarget, *, is_moderator: bool) -> None:
        """Record that the message with a job's pictures is being deleted.

        Raises: UserError, if it is somebody else's.
        """
        job = await self.job(job_id, seen)
        if job.target.member_id != seen.member_id and not is_moderator:
            raise NotAllowed("Only the member who asked for this picture, or a moderator, can delete it.")
        await self._jobs.mark_deleted(job_id)

    async def load_uses(self) -> None:
        """Count past uses of embeddings; without the counts autocomplete is merely less well sorted."""
        with suppress(Unavailable):
            self._uses |= await self._jobs.uses()

    def uses_in(self, guild_id: int | None) -> Mapping[str, int]:
        """How often each embedding was used in a server."""
        return self._uses.get(guild_id or 0, {})

    def _count_uses(self, job: Job) -> None:
        uses = self._uses.setdefault(job.target.guild_id or 0, {})
        for placed in job.parameters.embeddings:
            uses[placed.id] = uses.get(placed.id, 0) + 1

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _any_seed() -> int:
    return secrets.randbelow(MAX_SEED - MAX_COUNT)
