"""Who may change what a whole server, or everybody, uses."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from services.errors import NotAllowed


class Stewards:
    """Members with Manage Server, and the operator's own list of users' ids."""

    def __init__(self, operators: Iterable[int] = ()) -> None:
        self._operators = frozenset(operators)

    def check(self, interaction: discord.Interaction) -> None:
        """Raise NotAllowed, unless this member may."""
        manages = interaction.guild_id is not None and interaction.permissions.manage_guild
        if not manages and interaction.user.id not in self._operators:
            raise NotAllowed(
                "Embeddings are installed and removed by those who may manage the server; ask one of them."
            )
