"""Interactions: acknowledge them, and say where they come from and where to answer."""

from __future__ import annotations

import logging

import aiohttp
import discord

from services.jobs import ReplyTarget
from services.queue.generation import Acknowledge, NotAcknowledged
from services.requests import Member, Place

log = logging.getLogger(__name__)

#: it isn't known whether Discord did what was asked; asking again may help
UNREACHED = (discord.DiscordServerError, aiohttp.ClientError, OSError)
ALREADY_ACKNOWLEDGED = 40060


def thinking(interaction: discord.Interaction, *, is_private: bool = False) -> Acknowledge:
    """Shows "thinking…" where the answer is going to be: in the channel, or to the member alone."""

    async def acknowledge() -> int | None:
        try:
            shown = await interaction.response.defer(thinking=True, ephemeral=is_private)
        except UNREACHED as error:
            # it may have worked all the same; the delivery will find out
            log.info("interaction %s: unknown whether it was acknowledged: %s", interaction.id, error)
            return None
        except discord.HTTPException as error:
            if error.code == ALREADY_ACKNOWLEDGED:  # the response to an earlier attempt was lost
                return None
            log.warning("interaction %s could not be acknowledged in time: %s", interaction.id, error)
            raise NotAcknowledged from error
        return shown.message_id if shown else None

    return acknowledge


def target_of(interaction: discord.Interaction, *, is_private: bool = False) -> ReplyTarget:
    """Where to answer this interaction, now and after its token has expired."""
    return ReplyTarget(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        member_id=interaction.user.id,
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        is_private=is_private,
        upload_limit=interaction.filesize_limit,
    )


def place_of(interaction: discord.Interaction) -> Place:
    """Where a command was used, for the presets that apply there."""
    return place_in(interaction.guild_id, interaction.channel_id, interaction.channel)


def place_in(guild_id: int | None, channel_id: int | None, channel: object) -> Place:
    """A place, of which the channel may be known or not."""
    parent_id = getattr(channel, "parent_id", None)
    ids = (known for known in (channel_id, parent_id) if known is not None)
    is_nsfw = getattr(channel, "is_nsfw", None)  # direct messages have none
    return Place(guild_id, tuple(ids), is_age_restricted=bool(is_nsfw and is_nsfw()))


def member_of(user: discord.abc.User) -> Member:
    """Who asks, with their roles where they are a member of a server."""
    return Member(user.id, tuple(role.id for role in getattr(user, "roles", ())))
