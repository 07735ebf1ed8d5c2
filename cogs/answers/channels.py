"""Send messages of a job to its channel, or to its member alone, each of them once.

Discord drops a second message with the same nonce for some minutes; after that the channel itself is looked through.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from cogs.answers.buttons import ANSWER, CARD, job_shown
from services.jobs import Job

UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION, THREAD_ARCHIVED, THREAD_LOCKED = 10003, 50001, 50013, 50083, 160005
CHANNEL_IS_CLOSED = {UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION, THREAD_ARCHIVED, THREAD_LOCKED}
#: Discord remembers nonces for "the past few minutes"
NONCE_LIFE = timedelta(minutes=1)
#: clocks differ, and Discord's ids tell the time of its own
_CLOCKS_DIFFER = timedelta(minutes=1)
#: a picture that is there sooner needs no card before it
NO_CARD_BEFORE = timedelta(seconds=1.2)
#: messages looked through, from the first that it could be
MAX_HISTORY = 500


class GoneForGood(Exception):
    """Neither the channel nor the member can be reached any more."""


class Channels:
    """Messages that answer no interaction."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def send(self, job: Job, kind: str, *, may_have_been_sent: bool, **message: Any) -> int:
        """Send to the job's channel; `kind` tells its messages apart. Returns the message's id."""
        channel = self._client.get_partial_messageable(job.target.channel_id, guild_id=job.target.guild_id)
        return await self._send_once(channel, job, kind, may_have_been_sent, {**message, **_reference(job)})

    async def find_card(self, job: Job) -> int | None:
        """The card of a job, if one was sent and nobody noted it; there is none in a job's first moments."""
        if datetime.now(UTC) - job.asked_at < NO_CARD_BEFORE:
            return None
        channel = self._client.get_partial_messageable(job.target.channel_id, guild_id=job.target.guild_id)
        try:
            return await self._sent_before(channel, job, CARD)
        except discord.HTTPException as error:
            if error.code not in CHANNEL_IS_CLOSED:
                raise
            return None

    async def send_or_whisper(self, job: Job, *, may_have_been_sent: bool, **message: Any) -> int:
        """Send the last word to the channel or, if that is closed, to the member alone.

        Raises: GoneForGood.
        """
        try:
            return await self.send(job, "job", may_have_been_sent=may_have_been_sent, **message)
        except discord.HTTPException as error:
            if error.code not in CHANNEL_IS_CLOSED:
                raise
        try:
            direct = await self._client.create_dm(discord.Object(job.target.member_id))  # pyright: ignore[reportArgumentType]
            return await self._send_once(direct, job, "job", may_have_been_sent, message)
        except (discord.Forbidden, discord.NotFound) as error:
            raise GoneForGood(f"neither the channel nor the member takes messages: {error}") from error

    async def _send_once(
        self, channel: discord.abc.Messageable, job: Job, kind: str, may_have_been_sent: bool, message: dict[str, Any]
    ) -> int:
        if may_have_been_sent or datetime.now(UTC) - job.asked_at > NONCE_LIFE:
            earlier = await self._sent_before(channel, job, ANSWER) if kind == "job" else await self.find_card(job)
            if earlier is not None:
                return earlier
        for file in message.get("files", ()):
            file.reset(seek=True)
        mentions = discord.AllowedMentions(users=[discord.Object(job.target.member_id)], replied_user=False)
        return (await channel.send(nonce=f"{kind}-{job.id}", allowed_mentions=mentions, **message)).id

    async def _sent_before(self, channel: discord.abc.Messageable, job: Job, actions: Collection[str]) -> int | None:
        """The message that an earlier try, or an earlier process, sent just before it ended."""
        # nothing can be an answer that is older than what it says
        since = (job.asked_at if actions is CARD else job.finished_at or job.asked_at) - _CLOCKS_DIFFER
        own_id = self._client.user.id if self._client.user else 0
        try:
            async for message in channel.history(limit=MAX_HISTORY, after=since, oldest_first=True):
                if message.author.id == own_id and job_shown(message, actions) == job.id:
                    return message.id
        except discord.Forbidden:  # it may write there, but not read
            return None
        return None


def _reference(job: Job) -> dict[str, Any]:
    """What ties the answer to the message that a reaction was put on."""
    if job.target.refers_to is None:
        return {}
    return {
        "reference": discord.MessageReference(
            message_id=job.target.refers_to, channel_id=job.target.channel_id, fail_if_not_exists=False
        )
    }
