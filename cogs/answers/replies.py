"""The three ways to reach whoever asked: the interaction's reply, a message in the channel, a direct message.

Tells Discord's errors apart: an expired token, a message or channel that is gone, and what may work on another attempt.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
from discord.http import Route
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from cogs.answers.buttons import cancel_view, failed_view
from cogs.answers.channels import CHANNEL_IS_CLOSED, Channels, Purpose, Sent
from cogs.answers.clock import DiscordClock
from cogs.answers.messages import OutgoingMessage
from cogs.interactions import UNREACHED
from cogs.names import REROLL_EMOJI
from services.jobs import Job, JobState, ReplyTarget
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: Discord's tokens live for 15 minutes; an edit that starts now should be done by then
TOKEN_LIFE = timedelta(minutes=14, seconds=30)
UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, BAD_TOKEN, UNKNOWN_INTERACTION = 10008, 10015, 50027, 10062
#: the interaction's reply can no longer be used, so the channel is
_REPLY_IS_LOST = {UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, BAD_TOKEN, UNKNOWN_INTERACTION, 0} | CHANNEL_IS_CLOSED


class Replies:
    """Knows Discord's ways, and nothing of the line."""

    def __init__(self, client: discord.Client, clock: DiscordClock, jobs: JobStore) -> None:
        self._client = client
        self._channels = Channels(client, clock)
        self._jobs = jobs

    async def show_card(self, job: Job, content: str, *, cancellable: bool) -> ReplyTarget:
        """Put news into the reply, or send it where there is none yet. Returns where the card is."""
        message = OutgoingMessage(content, view=cancel_view(job.id, disabled=not cancellable))
        if job.target.is_private and not _token_lives(job):
            return job.target  # the answer will come as a direct message
        job = await self._with_reply(job)
        if job.target.reply_id is not None:
            await self._edit_reply(job, message)
            return job.target
        message_id = await self._channels.send(job, Purpose.CARD, message, may_have_been_sent=False)
        await self._jobs.set_reply(job.id, message_id)
        return replace(job.target, reply_id=message_id, interaction_token=None)

    async def send_result(self, job: Job, message: OutgoingMessage, *, may_have_been_sent: bool) -> Sent:
        """Send the pictures: in the reply while it can be edited, else in the channel, else to the member directly.

        Raises: GoneForGood; whatever may work on another attempt.
        """
        job = await self._with_reply(job)
        addressed = message.mentioning(job.target.member_id)
        try:
            message_id = await self._edit_reply(job, message if job.target.interaction_token else addressed)
            return Sent(job.target.channel_id, message_id)
        except _NoReply:
            return await self._send(job, message, may_have_been_sent=may_have_been_sent)

    async def say(self, job: Job, sentence: str, *, may_have_been_sent: bool) -> None:
        """Send a sentence instead of pictures.

        Raises: GoneForGood; whatever may work on another attempt.
        """
        job = await self._with_reply(job)
        message = OutgoingMessage(sentence, view=failed_view(job.id) if job.state is JobState.FAILED else None)
        try:
            await self._edit_reply(job, message)
        except _NoReply:
            await self._send(job, message, may_have_been_sent=may_have_been_sent)

    async def _send(self, job: Job, message: OutgoingMessage, *, may_have_been_sent: bool) -> Sent:
        """Send an answer for which there is no reply; what is private never goes to the channel."""
        if job.target.is_private:
            return await self._channels.whisper(job, message, may_have_been_sent=may_have_been_sent)
        addressed = message.mentioning(job.target.member_id)
        return await self._channels.send_or_whisper(job, addressed, may_have_been_sent=may_have_been_sent)

    async def offer_reaction(self, sent: Sent) -> None:
        """Add the reroll reaction to the pictures, where that is allowed; where it isn't, the button is enough."""
        channel = self._client.get_partial_messageable(sent.channel_id)
        try:
            await channel.get_partial_message(sent.message_id).add_reaction(REROLL_EMOJI)
        except (discord.HTTPException, *UNREACHED) as error:
            log.debug("no reaction on message %s: %s", sent.message_id, error)

    async def _with_reply(self, job: Job) -> Job:
        """Find a reply or card whose id was lost: the response never arrived, or the bot was killed right after sending it."""
        target = job.target
        if target.reply_id is not None:
            return job
        if not _token_lives(job):
            message_id = None if target.is_private else await self._channels.find_card(job)
        else:
            try:
                message_id = await self._original_reply(job)
            except discord.HTTPException as error:
                if not _is_lost(error):
                    raise
                return job.evolve(target=replace(target, interaction_token=None))  # it was never acknowledged
        if message_id is not None:
            await self._jobs.set_reply(job.id, message_id)
        return job.evolve(target=replace(target, reply_id=message_id))

    async def _edit_reply(self, job: Job, message: OutgoingMessage) -> int:
        """Returns the message's id.

        Raises: _NoReply, if there is none, or it can't be edited in any way.
        """
        reply_id = job.target.reply_id
        if reply_id is None:
            raise _NoReply
        if _token_lives(job):
            try:
                return await self._edit_by_token(job, reply_id, message)
            except discord.HTTPException as error:
                if not _is_lost(error):
                    raise
                if error.code == UNKNOWN_MESSAGE:
                    raise _NoReply from error
        if job.target.is_private:
            raise _NoReply
        # it's a message of ours in the channel, so it can be edited without the token too
        channel = self._client.get_partial_messageable(job.target.channel_id)
        try:
            return (await channel.get_partial_message(reply_id).edit(**message.as_edit())).id
        except discord.HTTPException as error:
            if not _is_lost(error):
                raise
            raise _NoReply from error

    async def _edit_by_token(self, job: Job, reply_id: int, message: OutgoingMessage) -> int:
        target = job.target
        application_id, token = target.application_id or 0, target.interaction_token or ""
        webhook = discord.Webhook.partial(application_id, token, client=self._client)
        async for attempt in _until_known():
            with attempt:
                return (await webhook.edit_message(reply_id, **message.as_edit())).id
        raise AssertionError

    async def _original_reply(self, job: Job) -> int:
        """The id of the interaction's reply. discord.py's webhooks only fetch messages whose id is known."""
        route = Route(
            "GET",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=job.target.application_id,
            webhook_token=job.target.interaction_token,
        )
        async for attempt in _until_known():
            with attempt:
                return int((await self._client.http.request(route))["id"])
        raise AssertionError


class _NoReply(Exception):
    """There is no reply that could be edited."""


def _token_lives(job: Job) -> bool:
    return job.target.interaction_token is not None and datetime.now(UTC) - job.asked_at < TOKEN_LIFE


def _until_known() -> AsyncRetrying:
    """Right after a successful defer, Discord sometimes doesn't know the interaction for a few seconds."""
    return AsyncRetrying(
        retry=retry_if_exception(_is_not_known_yet), stop=stop_after_attempt(4), wait=wait_fixed(0.7), reraise=True
    )


def _is_lost(error: discord.HTTPException) -> bool:
    return error.code in CHANNEL_IS_CLOSED or (error.status in (401, 403, 404) and error.code in _REPLY_IS_LOST)


def _is_not_known_yet(error: BaseException) -> bool:
    return isinstance(error, discord.NotFound) and error.code == UNKNOWN_WEBHOOK
