"""/preset: named settings of a server. Everyone uses them; who manages the server writes them."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import as_choices
from cogs.preset.cards import list_card, preset_card
from cogs.preset.files import PresetFiles
from cogs.preset.writing import PresetWriting
from cogs.preset_rights import managed_server, server_of
from services.presets import Presets
from services.suggestions.autocomplete import Suggestions


class PresetCommands(
    PresetWriting, PresetFiles, commands.GroupCog, name="preset", description="Saved settings of this server"
):
    """Looking presets up, and which of them apply where; writing them and their files are its bases' part."""

    def __init__(self, *, presets: Presets, suggestions: Suggestions) -> None:
        super().__init__()
        self._presets = presets
        self._suggestions = suggestions

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, name: str) -> None:
        """Show what a preset sets.

        Args:
            name: A preset of this server.
        """
        preset = await self._presets.get(interaction.guild_id, name)
        places = await self._presets.places(preset.guild_id)
        card = preset_card(preset, self._presets.missing(preset), places, interaction.channel_id)
        await interaction.response.send_message(embed=card, ephemeral=True)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show this server's presets, the most used first."""
        guild_id = server_of(interaction)
        presets = [(one, self._presets.missing(one)) for one in await self._presets.all(guild_id)]
        card = list_card(presets, await self._presets.places(guild_id), interaction.channel_id)
        await interaction.response.send_message(embed=card, ephemeral=True)

    @app_commands.command()
    async def default(
        self, interaction: discord.Interaction, where: Literal["channel", "server"], name: str | None = None
    ) -> None:
        """Make a preset the default here (needs Manage Server); without a name there is none.

        Args:
            where: This channel alone, or the whole server.
            name: A preset of this server.
        """
        channel_id = interaction.channel_id if where == "channel" else None
        preset = await self._presets.set_default(managed_server(interaction), channel_id, name)
        there_is = f"**{preset.name}** is now the default of" if preset else "There is no default any more for"
        await interaction.response.send_message(f"{there_is} this {where}.", ephemeral=True)

    @show.autocomplete("name")
    @default.autocomplete("name")
    async def _complete_shown(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))
