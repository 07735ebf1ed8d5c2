"""Buttons under a refusal that do what its sentence advises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord.ext import commands

from services.errors import UserError

#: returns the button for an error, or None where the member couldn't use it
Remedy = Callable[[discord.Interaction, Any], discord.ui.Item[Any] | None]


class Remedies(commands.Cog):
    """Which errors have a remedy; other cogs say so, since the buttons are theirs."""

    def __init__(self) -> None:
        self._remedies: dict[type[UserError], Remedy] = {}

    def offer(self, error_type: type[UserError], remedy: Remedy) -> None:
        """Use `remedy` for this type of error."""
        self._remedies[error_type] = remedy

    def view_for(self, interaction: discord.Interaction, error: BaseException) -> discord.ui.View:
        """The buttons that mend an error, if there are any."""
        view = discord.ui.View(timeout=None)
        remedy = self._remedies.get(type(error))  # pyright: ignore[reportArgumentType]
        if remedy is not None and (item := remedy(interaction, error)) is not None:
            view.add_item(item)
        return view


def remedies_for(interaction: discord.Interaction, error: BaseException) -> discord.ui.View:
    """The buttons that the bot which got the interaction has for an error."""
    assert isinstance(interaction.client, commands.Bot)
    remedies = interaction.client.get_cog(Remedies.__cog_name__)
    return remedies.view_for(interaction, error) if isinstance(remedies, Remedies) else discord.ui.View(timeout=None)
