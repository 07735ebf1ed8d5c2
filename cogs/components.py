"""Buttons and forms whose errors reach the member. discord.py would only log them."""

from __future__ import annotations

from typing import Any

import discord

from cogs.errors import answer_error


class PersistentButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button with its state in its custom id, so that it survives every restart. Subclasses give their own template."""

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            await self.press(interaction)
        except Exception as error:
            await answer_error(interaction, error)

    async def press(self, interaction: discord.Interaction) -> None:
        """Do what the button is for. May raise anything."""
        raise NotImplementedError


class Form(discord.ui.Modal):
    """A modal."""

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer_error(interaction, error)
