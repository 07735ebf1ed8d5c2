"""Send a job's messages to its channel, or to its member directly, each exactly once.

Discord drops a second message with the same nonce for a few minutes; after that we search the channel itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import discord

from cogs.answers.buttons import Shown, job_shown
from cogs.answers.clock import DiscordClock
from cogs.answers.messages import OutgoingMessage
from services.jobs import Job

UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION, THREAD_ARCHIVED, THREAD_LOCKED = 10003, 50001, 50013, 50083, 160005
#: a reply needs permission to read the history
NO_HISTORY = 160002
CHANNEL_IS_CLOSED = {UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION, THREAD_ARCHIVED, THREAD_LOCKED}
#: Discord remembers nonces for "the past few minutes"
NONCE_LIFE = timedelta(minutes=1)
#: what Discord's clock may be off still, since a response tells it in whole seconds and arrives late
_CLOCK_SKEW = timedelta(minutes=1)
#: pictures that are ready sooner need no card before them
NO_CARD_BEFORE = timedelta(seconds=1.2)
#: messages searched, from the earliest that it could be
MAX_HISTORY = 500


class GoneForGood(Exception):
    """Neither the channel nor the member can be reached any more."""


class Purpose(StrEnum):
    """Tells a job's messages apart; part of their nonce."""

    CARD = "card"
    ANSWER = "job"


class Sent(NamedTuple):
    """A message that is there, and where."""

    channel_id: int
    message_id: int


class Channels:
    """Messages that don't answer an interaction."""

    def __init__(self, client: discord.Client, clock: DiscordClock) -> None:
        self._client = client
        self._clock = clock

    async def send(self, job: Job, purpose: Purpose, message: OutgoingMessage, *, may_have_been_sent: bool) -> int:
        """Send to the job's channel; returns the message's id."""
        channel, plain, reference = self._channel(job), message.as_new(), _reference(job)
        try:
            return await self._send_once(channel, job, purpose, {**plain, **reference}, may_have_been_sent)
        except discord.HTTPException as error:
            if error.code != NO_HISTORY:
                raise
        return await self._send_once(channel, job, purpose, message.as_new(), may_have_been_sent)

    async def find_card(self, job: Job) -> int | None:
        """The card of a job, if it was sent but its id was never stored."""
        if datetime.now(UTC) - job.asked_at < NO_CARD_BEFORE:
            return None
        try:
            return await self._find_sent(self._channel(job), job, Purpose.CARD)
        except discord.HTTPException as error:
            if error.code not in CHANNEL_IS_CLOSED:
                raise
            return None

    async def send_or_whisper(self, job: Job, message: OutgoingMessage, *, may_have_been_sent: bool) -> Sent:
        """Send the answer to the channel or, if that is closed, to the member directly.

        Raises: GoneForGood.
        """
        try:
            message_id = await self.send(job, Purpose.ANSWER, message, may_have_been_sent=may_have_been_sent)
            return Sent(job.target.channel_id, message_id)
        except discord.HTTPException as error:
            if error.code not in CHANNEL_IS_CLOSED:
                raise
        return await self.whisper(job, message, may_have_been_sent=may_have_been_sent)

    async def whisper(self, job: Job, message: OutgoingMessage, *, may_have_been_sent: bool) -> Sent:
        """Send the answer to the member directly.

        Raises: GoneForGood.
        """
        try:
            direct = await self._client.create_dm(discord.Object(job.target.member_id))  # pyright: ignore[reportArgumentType]
            message_id = await self._send_once(direct, job, Purpose.ANSWER, message.as_new(), may_have_been_sent)
            return Sent(direct.id, message_id)
        except (discord.Forbidden, discord.NotFound) as error:
            raise GoneForGood(f"the member accepts no messages: {error}") from error

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.target.channel_id, guild_id=job.target.guild_id)

    async def _send_once(
        self,
        channel: discord.abc.Messageable,
        job: Job,
        purpose: Purpose,
        arguments: dict[str, Any],
        may_have_been_sent: bool,
    ) -> int:
        if may_have_been_sent or datetime.now(UTC) - job.asked_at > NONCE_LIFE:
            is_card = purpose is Purpose.CARD
            earlier = await self.find_card(job) if is_card else await self._find_sent(channel, job, purpose)
            if earlier is not None:
                return earlier
        mentions = discord.AllowedMentions(users=[discord.Object(job.target.member_id)], replied_user=False)
        return (await channel.send(nonce=f"{purpose}-{job.id}", allowed_mentions=mentions, **arguments)).id

    async def _find_sent(self, channel: discord.abc.Messageable, job: Job, purpose: Purpose) -> int | None:
        """The message that an earlier attempt, or an earlier process, sent just before it died."""
        is_card = purpose is Purpose.CARD
        # an answer can't be older than the moment it became known
        ours = job.asked_at if is_card else job.finished_at or job.asked_at
        since = ours + self._clock.ahead - _CLOCK_SKEW
        shown = Shown.CARD if is_card else Shown.ANSWER
        own_id = self._client.user.id if self._client.user else 0
        try:
            async for message in channel.history(limit=MAX_HISTORY, after=since, oldest_first=True):
                if message.author.id == own_id and job_shown(message, shown) == job.id:
                    return message.id
        except discord.Forbidden:  # it may write there, but not read
            return None
        return None


def _reference(job: Job) -> dict[str, Any]:
    """Makes the message a reply to the one that was reacted to."""
    if job.target.refers_to is None:
        return {}
    reference = discord.MessageReference(
        message_id=job.target.refers_to, channel_id=job.target.channel_id, fail_if_not_exists=False
    )
    return {"reference": reference}
