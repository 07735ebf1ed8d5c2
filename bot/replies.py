"""The three ways to reach whoever asked: the interaction's reply, a message in the channel, a direct message.

Discord's errors are told apart here: a token whose time is over, a message or channel that is gone, and what may yet pass.
"""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from cogs.buttons import cancel_view, rerolls
from cogs.cards import ResultCard
from cogs.names import REROLL_EMOJI
from services.jobs import Job
from services.storage.jobs import JobStore

log = logging.getLogger(__name__)

#: Discord's tokens live for 15 minutes; an edit that starts now should end within
TOKEN_LIFE = timedelta(minutes=14, seconds=30)
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, NO_ACCESS, TOO_LARGE, NO_PERMISSION, BAD_TOKEN = (
    10003, 10008, 10015, 50001, 40005, 50013, 50027,
)  # fmt: skip
#: the interaction's reply can no longer be used, so the channel is
_TOKEN_IS_OVER = {UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, BAD_TOKEN, 0}
_CHANNEL_IS_CLOSED = {UNKNOWN_CHANNEL, NO_ACCESS, NO_PERMISSION}


class GoneForGood(Exception):
    """Neither the channel nor the member can be reached any more."""


class Replies:
    """Knows Discord's ways, and no queue."""

    def __init__(self, client: discord.Client, jobs: JobStore) -> None:
        self._client = client
        self._jobs = jobs

    async def show_card(self, job: Job, content: str, *, cancellable: bool) -> int:
        """Put news into the reply; for a reaction that has none yet, send one. Returns the message's id."""
        view = cancel_view(job.id, disabled=not cancellable)
        if job.target.reply_id is not None:
            return await self._edit_reply(job, content=content, view=view)
        message = await self._send_to_channel(job, content=content, view=view)
        await self._jobs.set_reply(job.id, message.id)
        return message.id

    async def send_result(self, job: Job, card: ResultCard) -> int:
        """The pictures, in the reply if it still can be edited, else in the channel, else to the member alone."""
        if job.target.reply_id is not None:
            content = card.content if job.target.interaction_token else _addressed(job, card.content)
            try:
                return await self._edit_reply(
                    job, content=content, embed=card.embed, attachments=_files(card), view=card.view
                )
            except discord.HTTPException as error:
                if not _reply_is_lost(error):
                    raise
        try:
            if (message_id := await self._already_in_channel(job)) is not None:
                return message_id
            message = await self._send_to_channel(
                job, content=_addressed(job, card.content), embed=card.embed, files=_files(card), view=card.view
            )
            return message.id
        except discord.HTTPException as error:
            if error.code not in _CHANNEL_IS_CLOSED:
                raise
            return await self._send_directly(job, card)

    async def say(self, job: Job, content: str) -> None:
        """A last word instead of pictures."""
        if job.target.reply_id is not None:
            try:
                await self._edit_reply(job, content=content, view=None)
                return
            except discord.HTTPException as error:
                if not _reply_is_lost(error):
                    raise
        await self._send_to_channel(job, content=_addressed(job, content))

    async def offer_reaction(self, job: Job, message_id: int) -> None:
        """Put the reroll reaction under the pictures, where that is allowed; nobody misses it where it is not."""
        channel = self._client.get_partial_messageable(job.target.channel_id)
        try:
            await channel.get_partial_message(message_id).add_reaction(REROLL_EMOJI)
        except (discord.HTTPException, OSError) as error:
            log.debug("no reaction under message %s: %s", message_id, error)

    async def _edit_reply(self, job: Job, **changes: Any) -> int:
        reply_id = job.target.reply_id
        assert reply_id is not None
        if self._token_lives(job):
            webhook = discord.Webhook.partial(
                job.target.application_id or 0, job.target.interaction_token or "", client=self._client
            )
            try:
                async for attempt in AsyncRetrying(
                    # right after a good defer Discord now and then knows nothing of it for some seconds
                    retry=retry_if_exception(_is_not_known_yet),
                    stop=stop_after_attempt(4),
                    wait=wait_fixed(0.7),
                    reraise=True,
                ):
                    with attempt:
                        return (await webhook.edit_message(reply_id, **_fresh(changes))).id
            except discord.HTTPException as error:
                if not _reply_is_lost(error) or error.code == UNKNOWN_MESSAGE:
                    raise
        # As a message of ours in the channel it can be edited without the token too.
        channel = self._client.get_partial_messageable(job.target.channel_id)
        return (await channel.get_partial_message(reply_id).edit(**_fresh(changes))).id

    async def _send_to_channel(self, job: Job, **message: Any) -> discord.Message:
        channel = self._client.get_partial_messageable(job.target.channel_id, guild_id=job.target.guild_id)
        if job.target.refers_to is not None:
            message["reference"] = discord.MessageReference(
                message_id=job.target.refers_to, channel_id=job.target.channel_id, fail_if_not_exists=False
            )
        mentions = discord.AllowedMentions(users=[discord.Object(job.target.member_id)], replied_user=False)
        return await channel.send(nonce=_nonce(job), allowed_mentions=mentions, **_fresh(message))

    async def _send_directly(self, job: Job, card: ResultCard) -> int:
        """Raises: GoneForGood."""
        try:
            user = await self._client.fetch_user(job.target.member_id)
            message = await user.send(content=card.content, embed=card.embed, files=_files(card), nonce=_nonce(job))
        except discord.HTTPException as error:
            raise GoneForGood(f"neither the channel nor the member takes messages: {error}") from error
        return message.id

    async def _already_in_channel(self, job: Job) -> int | None:
        """The message that an earlier process sent just before it died; the nonce protects for some minutes only."""
        if datetime.now(UTC) - job.asked_at < timedelta(minutes=1):
            return None
        channel = self._client.get_partial_messageable(job.target.channel_id)
        try:
            async for message in channel.history(limit=100, after=job.asked_at):
                if self._client.user and message.author.id == self._client.user.id and rerolls(message) == job.id:
                    return message.id
        except discord.Forbidden:
            return None
        return None

    def _token_lives(self, job: Job) -> bool:
        return job.target.interaction_token is not None and datetime.now(UTC) - job.asked_at < TOKEN_LIFE


def _nonce(job: Job) -> str:
    return f"job-{job.id}"


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


def _reply_is_lost(error: discord.HTTPException) -> bool:
    return error.status in (401, 403, 404) and error.code in _TOKEN_IS_OVER | _CHANNEL_IS_CLOSED


def _is_not_known_yet(error: BaseException) -> bool:
    return isinstance(error, discord.NotFound) and error.code == UNKNOWN_WEBHOOK
