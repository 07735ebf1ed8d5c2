"""Who may change what a whole server uses."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from services.errors import NotAllowed, UserError
from services.presets.presets import ONLY_IN_SERVERS


class EmbeddingPermissions:
    """Members with Manage Server may install and remove embeddings, and so may the operator's own list of users."""

    def __init__(self, operators: Iterable[int] = ()) -> None:
        self._operators = frozenset(operators)

    def check(self, interaction: discord.Interaction) -> None:
        """Raise NotAllowed, unless this member may."""
        is_manager = interaction.guild_id is not None and interaction.permissions.manage_guild
        if not is_manager and interaction.user.id not in self._operators:
            raise NotAllowed("Installing and removing embeddings needs Manage Server; ask someone who has it.")


def server_of(interaction: discord.Interaction) -> int:
    """The server's id.

    Raises: UserError, outside of servers.
    """
    if interaction.guild_id is None:
        raise UserError(ONLY_IN_SERVERS)
    return interaction.guild_id


def managed_server(interaction: discord.Interaction) -> int:
    """The server's id, if this member may change its presets.

    Raises: NotAllowed; UserError, outside of servers.
    """
    guild_id = server_of(interaction)
    if not interaction.permissions.manage_guild:
        raise NotAllowed("Changing presets needs Manage Server; anyone can use them with /imagine preset:")
    return guild_id
