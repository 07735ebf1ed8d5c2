"""Who may change what a whole server uses."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from services.errors import NotAllowed, UserError
from services.library.installer import Actor
from services.policies import Policies
from services.presets.presets import ONLY_IN_SERVERS


class EmbeddingPermissions:
    """Members with Manage Server, or a role that was chosen for it, may change their server's own embeddings.

    Operators may change every server's, and everyone's.
    """

    def __init__(self, policies: Policies, operators: Iterable[int] = ()) -> None:
        self._policies = policies
        self._operators = frozenset(operators)

    def actor_of(self, interaction: discord.Interaction) -> Actor:
        """Whoever uses the command, whatever they may."""
        is_operator = interaction.user.id in self._operators
        return Actor(interaction.guild_id, interaction.user.id, is_operator)

    def may(self, interaction: discord.Interaction) -> bool:
        """Whether the member may change embeddings here."""
        try:
            self.check(interaction)
        except NotAllowed:
            return False
        return True

    def check(self, interaction: discord.Interaction) -> Actor:
        """The member, if they may change embeddings here.

        Raises: NotAllowed.
        """
        actor = self.actor_of(interaction)
        if actor.is_operator or (actor.guild_id is not None and self._is_installer(interaction)):
            return actor
        if actor.guild_id is None:
            raise NotAllowed("Embeddings are installed in servers; use this in a channel of yours.")
        raise NotAllowed("Installing and removing embeddings needs Manage Server; ask someone who has it.")

    def _is_installer(self, interaction: discord.Interaction) -> bool:
        roles = getattr(interaction.user, "roles", ())
        installers = self._policies.of(interaction.guild_id).installers
        return interaction.permissions.manage_guild or any(role.id in installers for role in roles)


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
