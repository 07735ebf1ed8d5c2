"""Who may use the bot at all, asked before every command, button, form and reaction."""

from __future__ import annotations

import discord
from discord.ext import commands

from cogs.rights import Asker, CommandRights
from services.errors import LimitReached, NotAllowed
from services.planning.permission import refuse_blocked
from services.stock import Stocks

#: what everybody keeps, whatever operators and owners decide: getting and deleting their own data
FOR_EVERYONE = "privacy"

#: nobody types, clicks or sends more in so many seconds; a program does
MAX_ACTS, MAX_TYPED, PERIOD = 30, 100, 10.0


class Guard(commands.Cog):
    """Refuses members and servers that the operators blocked, and those whom an owner took a command from."""

    def __init__(self, *, stocks: Stocks, rights: CommandRights) -> None:
        self._stocks = stocks
        self._rights = rights
        self._acts = _pace(MAX_ACTS)
        self._typing = _pace(MAX_TYPED)

    def check_pace(self, interaction: discord.Interaction) -> None:
        """Whether the member isn't faster than people are; typing in an option counts apart.

        Raises: LimitReached.
        """
        is_typing = interaction.type is discord.InteractionType.autocomplete
        if wait := (self._typing if is_typing else self._acts).update_rate_limit(interaction):
            raise LimitReached(f"That's more than I can follow. Please wait {wait + 1:.0f} seconds.")

    def check_blocked(self, command: str, guild_id: int | None, user_id: int) -> None:
        """Raises: NotAllowed."""
        if command != FOR_EVERYONE:
            refuse_blocked(self._stocks.of(guild_id), guild_id, user_id)

    async def check_component(self, interaction: discord.Interaction, command: str) -> None:
        """Whether the member may press a button, or send a form, that belongs to a command.

        Raises: NotAllowed.
        """
        self.check_blocked(command, interaction.guild_id, interaction.user.id)
        await self.check_right(command, Asker.of(interaction))

    async def check_right(self, command: str, asker: Asker | None) -> None:
        """Whether the owner lets the member use a command here; nobody owns direct messages.

        Raises: NotAllowed.
        """
        if command != FOR_EVERYONE and asker is not None and not await self._rights.permits(command, asker):
            raise NotAllowed(f"You can't use /{command} here; ask someone who manages the server who may, and where.")


def _pace(most: int) -> commands.CooldownMapping[discord.Interaction]:
    return commands.CooldownMapping.from_cooldown(most, PERIOD, lambda interaction: interaction.user.id)


def guard_of(interaction: discord.Interaction) -> Guard:
    """The guard of the bot that got an interaction."""
    assert isinstance(interaction.client, commands.Bot)
    guard = interaction.client.get_cog(Guard.__cog_name__)
    assert isinstance(guard, Guard)
    return guard
