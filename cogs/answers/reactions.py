"""Reroll by reaction: on any picture of ours, of any age, after any restart."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import discord
from discord.ext import commands
from tenacity import AsyncRetrying, retry, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_fixed

from cogs.answers.finding import job_of_reaction
from cogs.deduplication import RecentlySeen
from cogs.errors import sentence_for
from cogs.guard import Guard
from cogs.interactions import UNREACHED, member_of, place_in
from cogs.names import REROLL_EMOJI
from cogs.rights import Asker
from services.errors import LimitReached, Unavailable, UserError
from services.jobs import Origin, ReplyTarget
from services.queue.generation import Admission, Generation
from services.requests import Member

log = logging.getLogger(__name__)

#: a reaction that is removed and added again within this time is one
SAME_REACTION = 30.0  # seconds
#: a reaction has no private reply, and nobody wants a direct message for each of many
TOLD_EVERY = 60.0  # seconds
#: each costs requests to Discord, so a member may add this many in as many seconds
MAX_REACTIONS, REACTION_PERIOD = 8, 15.0
TOO_FAST = f"That's more {REROLL_EMOJI} than I can follow. Please wait {{wait:.0f}} seconds, then react again."

#: no one waits for an acknowledgement of a reaction, so it can wait until the database is back
_while_unavailable = retry(
    retry=retry_if_exception_type(Unavailable), wait=wait_fixed(1.0), stop=stop_after_delay(120.0), reraise=True
)


class Reactions(commands.Cog):
    """Listens to raw events, since the message is rarely in a cache."""

    def __init__(self, *, client: commands.Bot, generation: Generation, guard: Guard) -> None:
        self._client = client
        self._guard = guard
        self._generation = generation
        self._seen = RecentlySeen()
        self._lately = RecentlySeen(SAME_REACTION)
        self._told = RecentlySeen(TOLD_EVERY)
        self._pace = commands.CooldownMapping[discord.RawReactionActionEvent].from_cooldown(
            MAX_REACTIONS, REACTION_PERIOD, lambda payload: payload.user_id
        )

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A new session: reactions may have been removed while we were away, and no old event is sent again."""
        self._seen.clear()

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        if str(payload.emoji) == REROLL_EMOJI:
            self._seen.forget((payload.message_id, payload.user_id))

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        own_id = self._client.user.id if self._client.user else 0
        is_foreign = payload.message_author_id not in (own_id, None)  # Discord doesn't always say
        if str(payload.emoji) != REROLL_EMOJI or is_foreign or payload.user_id == own_id:
            return
        if payload.member is not None and payload.member.bot:
            return
        key = payload.message_id, payload.user_id
        if not (self._seen.is_first(key) and self._lately.is_first(key)):
            return  # Discord sends events again when a connection was lost
        origin = Origin.of_reaction(payload.message_id, payload.user_id)
        try:
            if wait := self._pace.update_rate_limit(payload):
                self._lately.forget(key)
                raise LimitReached(TOO_FAST.format(wait=wait + 1))
            await self._reroll(payload, origin)
        except Exception as error:  # nothing else answers the errors of an event
            sentence = sentence_for(error, f"reaction on message {payload.message_id}")
            await self._tell(payload.user_id, sentence, nonce=f"told-{payload.message_id}")

    @_while_unavailable
    async def _reroll(self, payload: discord.RawReactionActionEvent, origin: Origin) -> None:
        target = self._target(payload)
        job = await job_of_reaction(self._client, self._generation, payload.message_id, target)
        if job is None and payload.message_author_id is None:
            return  # somebody else's message, as far as anyone can tell
        if job is None:
            raise UserError(f"{REROLL_EMOJI} rerolls my pictures, and that message has none; /imagine makes one.")
        channel = await self._channel(payload)
        self._guard.check_blocked("imagine", payload.guild_id, payload.user_id)
        await self._guard.check_right("imagine", _asker(payload, channel))
        place = place_in(payload.guild_id, payload.channel_id, channel)
        member = member_of(payload.member) if payload.member else Member(payload.user_id)
        planned = await self._generation.plan_reroll(job, place, member)
        await self._generation.submit(planned, Admission(target, origin, member, parent_id=job.id))

    async def _channel(self, payload: discord.RawReactionActionEvent) -> Any:
        channel = self._client.get_channel(payload.channel_id)
        if channel is None and payload.guild_id is not None:  # a thread that was archived
            with suppress(discord.HTTPException):
                channel = await self._client.fetch_channel(payload.channel_id)
        return channel

    def _target(self, payload: discord.RawReactionActionEvent) -> ReplyTarget:
        guild = self._client.get_guild(payload.guild_id) if payload.guild_id else None
        return ReplyTarget(
            guild_id=payload.guild_id,
            channel_id=payload.channel_id,
            member_id=payload.user_id,
            refers_to=payload.message_id,
            upload_limit=guild.filesize_limit if guild else None,
        )

    async def _tell(self, user_id: int, sentence: str, nonce: str) -> None:
        """A reaction has no private reply, so the sentence goes to the member directly, or nowhere."""
        if not self._told.is_first(user_id):
            log.info("member %d was told something less than a minute ago, so not this: %s", user_id, sentence)
            return
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(UNREACHED), wait=wait_fixed(1.0), stop=stop_after_attempt(4), reraise=True
            ):
                with attempt:
                    user = await self._client.fetch_user(user_id)
                    await user.send(sentence, nonce=nonce)
        except (discord.HTTPException, *UNREACHED) as error:
            log.info("a member could not be told about a reaction: %s", error)


def _asker(payload: discord.RawReactionActionEvent, channel: Any) -> Asker | None:
    """Whoever reacted; None in direct messages, and where Discord doesn't say enough about the channel."""
    if payload.guild_id is None or payload.member is None or channel is None:
        return None
    try:
        permissions = channel.permissions_for(payload.member)
    except discord.ClientException:  # a thread whose channel isn't known
        return None
    channel_id = getattr(channel, "parent_id", None) or payload.channel_id
    roles = tuple(role.id for role in payload.member.roles)
    return Asker(payload.guild_id, channel_id, payload.user_id, roles, permissions)
