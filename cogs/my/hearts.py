"""❤️ under a picture keeps it for whoever gives it; enough of them bring it into the server's gallery."""

from __future__ import annotations

import io
import logging

import discord
from discord.ext import commands

from cogs.answers.finding import job_of_reaction
from cogs.guard import Guard
from cogs.interactions import UNREACHED
from cogs.my.favourites import link_to
from cogs.names import COLOUR, HEARTS
from cogs.text import MAX_ALT_TEXT, as_typed
from services.errors import UserError
from services.favourites import Favourites
from services.jobs import Job, ReplyTarget
from services.queue.generation import Generation
from services.stock import Stocks
from services.text import shorten

log = logging.getLogger(__name__)

_MAX_PROMPT = 1000  # characters


class Hearts(commands.Cog):
    """Says nothing to whoever reacts: the heart is the answer."""

    def __init__(
        self, *, client: commands.Bot, generation: Generation, favourites: Favourites, stocks: Stocks, guard: Guard
    ) -> None:
        self._client = client
        self._generation = generation
        self._favourites = favourites
        self._stocks = stocks
        self._guard = guard

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        own_id = self._client.user.id if self._client.user else 0
        is_foreign = payload.message_author_id not in (own_id, None)  # Discord doesn't always say
        is_bot = payload.user_id == own_id or (payload.member is not None and payload.member.bot)
        if str(payload.emoji) not in HEARTS or is_foreign or is_bot:
            return
        try:
            self._guard.check_blocked("imagine", payload.guild_id, payload.user_id)
            job = await self._job(payload)
            if job is not None and await self._favourites.keep(job, payload.user_id):
                await self._post(job)
        except UserError as error:
            log.info("a heart on message %d isn't counted: %s", payload.message_id, error)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        if str(payload.emoji) not in HEARTS:
            return
        try:
            if (job := await self._job(payload)) is not None:
                await self._favourites.drop(job.id, payload.user_id)
        except UserError as error:
            log.info("a heart on message %d is still counted: %s", payload.message_id, error)

    async def _job(self, payload: discord.RawReactionActionEvent) -> Job | None:
        seen = ReplyTarget(guild_id=payload.guild_id, channel_id=payload.channel_id, member_id=payload.user_id)
        return await job_of_reaction(self._client, self._generation, payload.message_id, seen)

    async def _post(self, job: Job) -> None:
        """Show the job in its server's gallery, if that may show what its channel may."""
        gallery = self._client.get_channel(self._stocks.of(job.target.guild_id).policy.gallery or 0)
        pictures = await self._favourites.pictures_of(job)
        is_channel = isinstance(gallery, discord.TextChannel)
        if not is_channel or not pictures or (_is_restricted(self._client, job) and not gallery.is_nsfw()):
            await self._favourites.not_posted(job.id)
            return
        prompt = job.parameters.prompt
        files = [
            discord.File(io.BytesIO(data), f"{job.id}-{number}.png", description=shorten(prompt, MAX_ALT_TEXT))
            for number, data in enumerate(pictures)
        ]
        text = (
            f"**{as_typed(prompt, _MAX_PROMPT)}**\nby <@{job.target.member_id}> · [Go to the picture]({link_to(job)})"
        )
        try:
            message = await gallery.send(
                embed=discord.Embed(description=text, colour=COLOUR), files=files, nonce=f"gallery-{job.id}"
            )
        except (discord.HTTPException, *UNREACHED) as error:
            log.warning("job %s can't be shown in the gallery: %s", job.id, error)
            await self._favourites.not_posted(job.id)
        else:
            await self._favourites.posted(job.id, message.id)


def _is_restricted(client: commands.Bot, job: Job) -> bool:
    channel = client.get_channel(job.target.channel_id)
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw and is_nsfw())
