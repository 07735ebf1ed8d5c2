"""Buttons under a refusal that do what its sentence advises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord.ext import commands

from services.errors import UserError

#: returns the button for an error, or None where the member couldn't use it
Button = Callable[[discord.Interaction, Any], discord.ui.Item[Any] | None]


class Remedies(commands.Cog):
    """Which errors have a remedy; other cogs say so, since the buttons are theirs."""

    def __init__(self) -> None:
        self._buttons: dict[type[UserError], Button] = {}

    def offer(self, error_type: type[UserError], button: Button) -> None:
        """Use `button` for this type of error, and for those derived from it."""
        self._buttons[error_type] = button

    def view_for(self, interaction: discord.Interaction, error: BaseException) -> discord.ui.View:
        """The buttons that mend an error, if there are any; those for its own type come first."""
        view = discord.ui.View(timeout=None)
        for kind in type(error).__mro__:
            button = self._buttons.get(kind)
            if button is not None and (item := button(interaction, error)) is not None:
                view.add_item(item)
        return view


def remedies_for(interaction: discord.Interaction, error: BaseException) -> discord.ui.View:
    """The buttons that the bot which got the interaction has for an error."""
    assert isinstance(interaction.client, commands.Bot)
    remedies = interaction.client.get_cog(Remedies.__cog_name__)
    return remedies.view_for(interaction, error) if isinstance(remedies, Remedies) else discord.ui.View(timeout=None)
