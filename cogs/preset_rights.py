"""Whose presets an interaction is about, and who may write them."""

from __future__ import annotations

import discord

from services.errors import NotAllowed, UserError


def server_of(interaction: discord.Interaction) -> int:
    """The server's id.

    Raises: UserError, outside of servers.
    """
    if interaction.guild_id is None:
        raise UserError("Presets belong to servers; use this in a server's channel.")
    return interaction.guild_id


def managed_server(interaction: discord.Interaction) -> int:
    """The server's id, if this member may write its presets.

    Raises: NotAllowed; UserError, outside of servers.
    """
    guild_id = server_of(interaction)
    if not interaction.permissions.manage_guild:
        raise NotAllowed("Presets are written by those who may manage the server; /imagine preset: is for everyone.")
    return guild_id
