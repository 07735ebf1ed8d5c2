"""Answer members: where they are in line, how far their picture is, and then the answer, once, whatever breaks.

An interaction's reply is edited, which can be repeated without harm. Where there is none, a message is sent with a nonce made
from the job's id, and searched for before it is sent again. A row is closed only once Discord has confirmed the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import discord
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_never, wait_exponential

from cogs.answers.cards import CANCELLED, failure_card, line_card, progress_card
from cogs.answers.channels import NO_CARD_BEFORE, GoneForGood, Sent
from cogs.answers.clock import DiscordClock
from cogs.answers.live import LiveCard
from cogs.answers.rejections import explain_rejection
from cogs.answers.replies import Replies
from cogs.answers.results import files_of, result_message
from cogs.answers.surroundings import surroundings_of
from cogs.interactions import UNREACHED, place_in
from services.errors import EngineError, NotAllowed
from services.jobs import Job, JobId, JobState, Reason, ReplyTarget
from services.pictures.store import PictureStore
from services.pictures.uploads import fit_files
from services.planning.permission import refuse_place
from services.policy.safety import Shown, shown, withheld_sentence
from services.stock import Stocks
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: Discord allows about five edits in five seconds per channel, for everybody's pictures in it
EDIT_INTERVAL = 2.0  # seconds
#: an estimate that moved by less isn't worth an edit
READY_WITHIN = timedelta(seconds=3)
#: records in the row that the member has been answered
Close = Callable[[], Awaitable[None]]

#: between attempts while Discord doesn't answer; a reply expires after a quarter of an hour, a channel doesn't
_BACK_OFF = wait_exponential(multiplier=0.5, max=60)
#: a server that refuses files of this size refuses all
SMALLEST_LIMIT = 16 * 1024  # bytes
TOO_LARGE = 413  # HTTP
LOST_PICTURES = "The pictures were lost before I could send them; please try again."


class DiscordDelivery:
    """Nothing here blocks the worker: every answer is a task of its own."""

    def __init__(
        self,
        *,
        client: discord.Client,
        clock: DiscordClock,
        jobs: JobStore,
        pictures: PictureStore,
        stocks: Stocks,
    ) -> None:
        self._replies = Replies(client, clock, jobs)
        self._client = client
        self._clock = clock
        self._jobs = jobs
        self._pictures = pictures
        self._stocks = stocks
        self._cards: dict[JobId, LiveCard] = {}
        self._answers: dict[JobId, asyncio.Task[None]] = {}

    @property
    def pending(self) -> set[JobId]:
        """Jobs whose answers are being sent."""
        return set(self._answers)

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        for place, (job, seconds) in enumerate(line, start=1):
            if (card := self._card(job)) is None:
                continue
            ready = self._clock.now() + timedelta(seconds=seconds)
            is_overtaken = card.place != 0 and (place > card.place or (card.is_overtaken and place == card.place))
            if card.ready is None or place != card.place or abs(ready - card.ready) > READY_WITHIN:
                card.ready = ready
            card.place, card.is_overtaken = place, is_overtaken
            card.show(line_card(place, job.parameters.prompt, card.ready, is_overtaken=is_overtaken))

    def progress(self, job: Job, step: int, steps: int) -> None:
        if (card := self._card(job)) is not None:
            card.place, card.cancellable = 0, False
            card.show(progress_card(step, steps, card.seconds_left(step, steps)))

    def answer(self, job: Job) -> None:
        if job.id not in self._answers:
            task = self._answers[job.id] = asyncio.create_task(self._answer(job), name=f"answer to job {job.id}")
            task.add_done_callback(lambda _: self._answers.pop(job.id, None))

    async def wind_down(self, seconds: float) -> None:
        """Let the answers that are being sent arrive."""
        if self._answers:
            await asyncio.wait(self._answers.values(), timeout=seconds)

    async def close(self) -> None:
        """Stop answering; who isn't answered stays so in the row, and is answered after the next start."""
        tasks = [*self._answers.values(), *(card.task for card in self._cards.values() if card.task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _card(self, job: Job) -> LiveCard | None:
        """The card of a job that isn't answered yet."""
        if job.id in self._answers:
            return None
        card = self._cards.get(job.id)
        if card is None:
            card = self._cards[job.id] = LiveCard(job)
            card.task = asyncio.create_task(self._keep_showing(card))
        return card

    async def _keep_showing(self, card: LiveCard) -> None:
        """Edit the reply with the latest news, within Discord's rate limits."""
        await asyncio.sleep(NO_CARD_BEFORE.total_seconds())
        await self._client.wait_until_ready()
        while True:
            await card.changed.wait()
            card.changed.clear()
            async with card.editing:
                try:
                    target = await self._replies.show_card(card.job, card.content, cancellable=card.cancellable)
                    card.job = card.job.evolve(target=target)
                except (discord.HTTPException, GoneForGood, *UNREACHED) as error:
                    log.info("job %s: its card could not be shown: %s", card.job.id, error)
            # a long line must not use up the channel's edits
            await asyncio.sleep(EDIT_INTERVAL * (1 + card.place // 5))

    async def _end_card(self, job: Job) -> Job:
        """Stop the card, and return the job with the message it is in."""
        card = self._cards.pop(job.id, None)
        if card is None or card.task is None:
            return job
        async with card.editing:
            card.task.cancel()
        return job.evolve(target=_newest(job.target, card.job.target))

    async def _answer(self, job: Job) -> None:
        """Go on until the member has the answer."""
        job = await self._end_card(job)
        await self._client.wait_until_ready()
        try:
            close = await self._until_sent(job)
        except GoneForGood as error:
            log.warning("job %s cannot be answered: %s", job.id, error)
            await self._jobs.give_up(job.id, str(error))
        except Exception as error:  # Discord rejects what we send, or a bug; the member is told at least that much
            await self._apologise(job, error)
        else:  # from here on the member has it, whatever goes wrong
            await close()

    async def _until_sent(self, job: Job) -> Close:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_may_pass), wait=_BACK_OFF, stop=stop_never, before_sleep=_logger_of(job)
        ):
            with attempt:
                return await self._send_once(job, may_have_been_sent=attempt.retry_state.attempt_number > 1)
        raise AssertionError

    async def _send_once(self, job: Job, *, may_have_been_sent: bool) -> Close:
        """Send the answer, and return what closes the row after it."""
        if job.state is JobState.RENDERED:
            try:
                pictures = [await self._pictures.read(name) for name in job.pictures]
            except OSError as error:
                story = f"the pictures cannot be read: {error}"
                job = await self._jobs.fail(job.id, LOST_PICTURES, story, Reason.PICTURES_LOST) or job
            else:
                shown = self._shown(job)
                refusal = self._refusal(job, shown, may_have_been_sent=may_have_been_sent)
                if refusal is None:
                    posted = {index: pictures[index] for index in shown.posted}
                    files = await asyncio.to_thread(files_of, job.parameters, posted)
                    sent = await self._send_files(job, files, shown, may_have_been_sent=may_have_been_sent)
                    return partial(self._close_with_pictures, job, sent)
                story = "not posted, by the server's settings"
                job = await self._jobs.fail(job.id, refusal, story, Reason.NOT_ALLOWED) or job
        is_cancelled = job.state is JobState.CANCELLED
        sentence = CANCELLED if is_cancelled else failure_card(job.sentence or EngineError.calm)
        await self._replies.say(job, sentence, may_have_been_sent=may_have_been_sent)
        return partial(self._jobs.mark_answered, job.id)

    def _refusal(self, job: Job, shown: Shown, *, may_have_been_sent: bool) -> str | None:
        """Why nothing may be posted, by the settings as they are now: the owner may have changed them while the job waited."""
        if not shown.posted:
            return withheld_sentence(len(job.pictures))
        channel = self._client.get_channel(job.target.channel_id)
        if (
            channel is not None and not may_have_been_sent
        ):  # else it is a thread that was archived, of which nothing is known
            try:
                place = place_in(job.target.guild_id, job.target.channel_id, channel)
                refuse_place(self._stocks.of(job.target.guild_id), place)
            except NotAllowed as error:
                return str(error)
        return None

    def _shown(self, job: Job) -> Shown:
        """By the settings of the server as they are now."""
        policy = self._stocks.of(job.target.guild_id).policy
        return shown(len(job.pictures), job.scores, policy.safety, policy.safety_threshold)

    async def _close_with_pictures(self, job: Job, sent: Sent) -> None:
        await self._jobs.mark_delivered(job.id, sent.message_id)
        if not job.target.is_private:
            await self._replies.offer_reaction(sent)

    async def _send_files(self, job: Job, files: list[bytes], shown: Shown, *, may_have_been_sent: bool) -> Sent:
        limit = job.target.upload_limit
        while True:
            uploads = await asyncio.to_thread(fit_files, files, limit)
            known = surroundings_of(job.parameters, self._stocks.of(job.target.guild_id))
            message = result_message(job, known, uploads, shown)
            try:
                return await self._replies.send_result(job, message, may_have_been_sent=may_have_been_sent)
            except discord.HTTPException as error:
                largest = max(len(upload.data) for upload in uploads)
                if error.status != TOO_LARGE or largest < SMALLEST_LIMIT:
                    raise
                limit = largest // 2  # for example, the server has lost its boosts

    async def _apologise(self, job: Job, error: Exception) -> None:
        sentence, story, reason = explain_rejection(job, error)
        job = await self._jobs.fail(job.id, sentence, story, reason) or job
        try:
            await self._replies.say(job, failure_card(sentence), may_have_been_sent=False)
        except (discord.HTTPException, GoneForGood, *UNREACHED) as failed:
            await self._jobs.give_up(job.id, f"{story}; and then: {failed}")
        else:
            await self._jobs.mark_answered(job.id)


def _may_pass(error: BaseException) -> bool:
    """Whether another attempt can help."""
    if isinstance(error, discord.HTTPException):
        return error.status in (401, 429) or error.status >= 500
    return isinstance(error, UNREACHED)


def _newest(stored: ReplyTarget, shown: ReplyTarget) -> ReplyTarget:
    """Where the card is, if there is one."""
    return replace(
        stored,
        reply_id=shown.reply_id or stored.reply_id,
        interaction_token=shown.interaction_token if shown.reply_id else stored.interaction_token,
    )


def _logger_of(job: Job) -> Callable[[RetryCallState], None]:
    def log_attempt(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("job %s is still unanswered after %s attempts: %s", job.id, state.attempt_number, error)

    return log_attempt
