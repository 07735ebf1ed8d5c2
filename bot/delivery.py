"""Answer members: where they stand in line, how far their picture is, and then the picture, once.

While an interaction's token lives its reply is edited, which can be repeated without harm. After that, and for
reactions, a message is sent to the channel with a nonce made from the job's id, so that Discord itself drops a second
one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import discord

from bot.replies import GoneForGood, Replies
from cogs.cards import failure_card, line_card, progress_card, result_card
from services.checkpoints import Shelf
from services.jobs import Job, JobId, JobState, ReplyTarget
from services.pictures import PictureStore
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: a picture that is there sooner needs no card before it
PATIENCE = 1.2  # seconds
#: Discord allows about five edits in five seconds of one channel, for everybody's pictures there
EDIT_INTERVAL = 2.0  # seconds
RETRY_INTERVALS = (1.0, 3.0, 10.0, 30.0, 60.0)  # seconds, while Discord does not answer


@dataclass
class _Card:
    """The latest news of a job that is not done, and the task that shows it."""

    job: Job
    content: str = ""
    #: whether it still waits in line
    cancellable: bool = True
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class DiscordDelivery:
    """Nothing here blocks the worker: every answer is a task of its own."""

    def __init__(self, *, client: discord.Client, jobs: JobStore, pictures: PictureStore, shelf: Shelf) -> None:
        self._replies = Replies(client, jobs)
        self._client = client
        self._jobs = jobs
        self._pictures = pictures
        self._shelf = shelf
        self._cards: dict[JobId, _Card] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        for place, (job, seconds) in enumerate(line, start=1):
            self._show(job, line_card(place, seconds), cancellable=True)

    def progress(self, job: Job, step: int, steps: int) -> None:
        self._show(job, progress_card(step, steps), cancellable=False)

    def finished(self, job: Job) -> None:
        self._start(self._deliver(job))

    def failed(self, job: Job, sentence: str) -> None:
        self._start(self._say(job, failure_card(sentence)))

    def withdrawn(self, job: Job) -> None:
        """The member cancelled it; whoever did that answers."""
        self._start(self._end_card(job.id))

    async def close(self) -> None:
        """Stop answering; what is not delivered stays so in its row and is taken up at the next start."""
        tasks = [*self._tasks, *(card.task for card in self._cards.values() if card.task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _show(self, job: Job, content: str, *, cancellable: bool) -> None:
        card = self._cards.get(job.id)
        if card is None:
            card = self._cards[job.id] = _Card(job)
            card.task = asyncio.create_task(self._keep_showing(card))
        if content != card.content:
            card.content, card.cancellable = content, cancellable
            card.changed.set()

    async def _keep_showing(self, card: _Card) -> None:
        """Edit the reply with the latest news, no faster than Discord likes."""
        await asyncio.sleep(PATIENCE)
        await self._client.wait_until_ready()
        while True:
            await card.changed.wait()
            card.changed.clear()
            try:
                reply_id = await self._replies.show_card(card.job, card.content, cancellable=card.cancellable)
                card.job = card.job.evolve(target=_with_reply(card.job, reply_id))
            except (discord.HTTPException, GoneForGood, OSError, TimeoutError) as error:
                log.info("job %s: its card could not be shown: %s", card.job.id, error)
            await asyncio.sleep(EDIT_INTERVAL)

    async def _end_card(self, job_id: JobId) -> int | None:
        """Stop the card, whole edits only, and return the message it stands in."""
        card = self._cards.pop(job_id, None)
        if card is None or card.task is None:
            return None
        card.task.cancel()
        await asyncio.gather(card.task, return_exceptions=True)
        return card.job.target.reply_id

    async def _deliver(self, job: Job) -> None:
        job = await self._with_card_gone(job)
        checkpoint = self._shelf.find(job.parameters.checkpoint)
        try:
            files = [(name, await self._pictures.read(name)) for name in job.pictures]
        except FileNotFoundError:
            await self._jobs.close(job.id, JobState.FAILED, "the pictures are no longer on disk")
            await self._replies.say(
                job, failure_card("Its pictures were lost before they could be sent; please try again.")
            )
            return
        await self._client.wait_until_ready()
        for pause in (*RETRY_INTERVALS, None):
            try:
                message_id = await self._replies.send_result(job, result_card(job, checkpoint, files))
                await self._jobs.delivered(job.id, message_id)
                await self._replies.offer_reaction(job, message_id)
                return
            except GoneForGood as error:
                log.warning("job %s cannot be delivered: %s", job.id, error)
                await self._jobs.close(job.id, JobState.UNDELIVERABLE, str(error))
                return
            except (discord.HTTPException, OSError, TimeoutError) as error:
                log.warning("job %s is not delivered yet: %s", job.id, error)
                if pause is not None:
                    await asyncio.sleep(pause)

    async def _say(self, job: Job, content: str) -> None:
        job = await self._with_card_gone(job)
        await self._client.wait_until_ready()
        try:
            await self._replies.say(job, content)
        except (discord.HTTPException, GoneForGood, OSError, TimeoutError) as error:
            log.warning("job %s: nobody could be told that it failed: %s", job.id, error)

    async def _with_card_gone(self, job: Job) -> Job:
        reply_id = await self._end_card(job.id)
        return job.evolve(target=_with_reply(job, reply_id)) if reply_id else job


def _with_reply(job: Job, reply_id: int | None) -> ReplyTarget:
    return replace(job.target, reply_id=reply_id or job.target.reply_id)
