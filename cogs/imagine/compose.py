"""/compose: the same request in a form, for those who would rather see everything at once."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import Choices, as_choices
from cogs.completion import Completion
from cogs.components import PersistentButton
from cogs.imagine.cog import Imagine
from services.presets import Presets


class ComposeButton(PersistentButton, template="compose"):
    """Opens the empty form."""

    command = "imagine"

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(label="Open the form", style=discord.ButtonStyle.primary, custom_id="compose")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls()

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(Compose.__cog_name__)
        assert isinstance(cog, Compose)
        await cog.open(interaction)


class Compose(commands.Cog):
    """Opens the form of /imagine."""

    def __init__(self, *, client: commands.Bot, imagine: Imagine, completion: Completion, presets: Presets) -> None:
        self._client = client
        self._imagine = imagine
        self._completion = completion
        self._presets = presets

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(ComposeButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(ComposeButton)

    @app_commands.command()
    async def compose(
        self, interaction: discord.Interaction, model: str | None = None, preset: str | None = None
    ) -> None:
        """Write a request in a form, filled with what a preset says.

        Args:
            model: The model that draws.
            preset: A saved combination of this server.
        """
        await self.open(interaction, model, preset)

    async def open(self, interaction: discord.Interaction, model: str | None = None, preset: str | None = None) -> None:
        """Show the form.

        Raises: UserError.
        """
        await self._imagine.open_empty_form(interaction, model, preset)

    @compose.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.model(interaction, typed)

    @compose.autocomplete("preset")
    async def _complete_preset(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))
