"""The three ways to reach whoever asked: the interaction's reply, a message in the channel, a direct message.

Discord's errors are told apart here: a token whose time is over, a message or channel that is gone, and what may yet pass.
"""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import discord
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from cogs.answers.buttons import cancel_view, failed_view
from cogs.answers.cards import ResultCard
from cogs.answers.channels import CHANNEL_IS_CLOSED, Channels
from cogs.interactions import UNREACHED
from cogs.names import REROLL_EMOJI
from services.jobs import Job, JobState, ReplyTarget
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: Discord's tokens live for 15 minutes; an edit that starts now should end within
TOKEN_LIFE = timedelta(minutes=14, seconds=30)
UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, BAD_TOKEN, UNKNOWN_INTERACTION = 10008, 10015, 50027, 10062
#: the interaction's reply can no longer be used, so the channel is
_REPLY_IS_LOST = {UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, BAD_TOKEN, UNKNOWN_INTERACTION, 0} | CHANNEL_IS_CLOSED
#: stands for the id of an interaction's reply in the addresses of Discord
_ORIGINAL = cast("int", "@original")


class Replies:
    """Knows Discord's ways, and no queue."""

    def __init__(self, client: discord.Client, jobs: JobStore) -> None:
        self._client = client
        self._channels = Channels(client)
        self._jobs = jobs

    async def show_card(self, job: Job, content: str, *, cancellable: bool) -> ReplyTarget:
        """Put news into the reply; for a reaction that has none yet, send one. Returns where it stands."""
        view = cancel_view(job.id, disabled=not cancellable)
        job = await self._with_reply(job)
        if job.target.reply_id is not None:
            await self._edit_reply(job, content=content, view=view)
            return job.target
        message_id = await self._channels.send(job, "card", may_have_been_sent=False, content=content, view=view)
        await self._jobs.set_reply(job.id, message_id)
        return replace(job.target, reply_id=message_id, interaction_token=None)

    async def send_result(self, job: Job, card: ResultCard, *, may_have_been_sent: bool) -> int:
        """The pictures, in the reply if it still can be edited, else in the channel, else to the member alone.

        Returns the id of the message they stand in.

        Raises: GoneForGood; whatever may yet pass.
        """
        job = await self._with_reply(job)
        try:
            content = card.content if job.target.interaction_token else _addressed(job, card.content)
            return await self._edit_reply(
                job, content=content, embed=card.embed, attachments=_files(card), view=card.view
            )
        except _NoReply:
            content = _addressed(job, card.content)
        message = {"content": content, "embed": card.embed, "files": _files(card), "view": card.view}
        return await self._channels.send_or_whisper(job, may_have_been_sent=may_have_been_sent, **message)

    async def say(self, job: Job, content: str, *, may_have_been_sent: bool) -> None:
        """A last word instead of pictures.

        Raises: GoneForGood; whatever may yet pass.
        """
        job = await self._with_reply(job)
        view = failed_view(job.id) if job.state is JobState.FAILED else None
        try:
            await self._edit_reply(job, content=content, view=view)
        except _NoReply:
            message = {"content": _addressed(job, content), "view": view or discord.utils.MISSING}
            await self._channels.send_or_whisper(job, may_have_been_sent=may_have_been_sent, **message)

    async def offer_reaction(self, job: Job, message_id: int) -> None:
        """Put the reroll reaction under the pictures, where that is allowed; nobody misses it where it is not."""
        channel = self._client.get_partial_messageable(job.target.channel_id)
        try:
            await channel.get_partial_message(message_id).add_reaction(REROLL_EMOJI)
        except (discord.HTTPException, *UNREACHED) as error:
            log.debug("no reaction under message %s: %s", message_id, error)

    async def _with_reply(self, job: Job) -> Job:
        """Find the reply or the card whose id was lost: its answer did not arrive, or the bot was killed after it was sent."""
        target = job.target
        if target.reply_id is not None:
            return job
        if not _token_lives(job):
            message_id = await self._channels.find_card(job)
        else:
            try:
                message_id = await self._on_webhook(job, "fetch_message", _ORIGINAL)
            except discord.HTTPException as error:
                if not _is_lost(error):
                    raise
                return job.evolve(target=replace(target, interaction_token=None))  # it was never acknowledged
        if message_id is not None:
            await self._jobs.set_reply(job.id, message_id)
        return job.evolve(target=replace(target, reply_id=message_id))

    async def _edit_reply(self, job: Job, **changes: Any) -> int:
        """Raises: _NoReply, if there is none, or it can be edited in no way."""
        reply_id = job.target.reply_id
        if reply_id is None:
            raise _NoReply
        if _token_lives(job):
            try:
                return await self._on_webhook(job, "edit_message", reply_id, **changes)
            except discord.HTTPException as error:
                if not _is_lost(error):
                    raise
                if error.code == UNKNOWN_MESSAGE:
                    raise _NoReply from error
        # As a message of ours in the channel it can be edited without the token too.
        channel = self._client.get_partial_messageable(job.target.channel_id)
        try:
            return (await channel.get_partial_message(reply_id).edit(**_fresh(changes))).id
        except discord.HTTPException as error:
            if not _is_lost(error):
                raise
            raise _NoReply from error

    async def _on_webhook(self, job: Job, action: str, message_id: int, **changes: Any) -> int:
        target = job.target
        webhook = discord.Webhook.partial(
            target.application_id or 0, target.interaction_token or "", client=self._client
        )
        async for attempt in AsyncRetrying(
            # right after a good defer Discord now and then knows nothing of it for some seconds
            retry=retry_if_exception(_is_not_known_yet),
            stop=stop_after_attempt(4),
            wait=wait_fixed(0.7),
            reraise=True,
        ):
            with attempt:
                return (await getattr(webhook, action)(message_id, **_fresh(changes))).id
        raise AssertionError


class _NoReply(Exception):
    """There is no reply that could be edited."""


def _token_lives(job: Job) -> bool:
    return job.target.interaction_token is not None and datetime.now(UTC) - job.asked_at < TOKEN_LIFE


def _addressed(job: Job, content: str) -> str:
    """With the member's name, where Discord does not show beside the message who asked for it."""
    return f"<@{job.target.member_id}> {content}".strip()


def _files(card: ResultCard) -> list[discord.File]:
    return [discord.File(io.BytesIO(data), name, description=alt) for name, data, alt in card.files]


def _fresh(changes: dict[str, Any]) -> dict[str, Any]:
    """The same changes with files that are read from their beginning again."""
    for file in (*changes.get("attachments", ()), *changes.get("files", ())):
        file.reset(seek=True)
    return changes


def _is_lost(error: discord.HTTPException) -> bool:
    return error.code in CHANNEL_IS_CLOSED or (error.status in (401, 403, 404) and error.code in _REPLY_IS_LOST)


def _is_not_known_yet(error: BaseException) -> bool:
    return isinstance(error, discord.NotFound) and error.code == UNKNOWN_WEBHOOK
