"""/presets: what everybody may see of the server's presets."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import Choices, as_choices
from cogs.permissions import server_of
from cogs.preset.cards import list_card, preset_card
from services.presets import Presets


class PresetReading(commands.Cog):
    """Presets, seen by those who use them."""

    def __init__(self, presets: Presets) -> None:
        self._presets = presets

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def presets(self, interaction: discord.Interaction, name: str | None = None) -> None:
        """Show this server's saved settings, most used first, or what one of them sets.

        Args:
            name: A preset of this server.
        """
        if name is None:
            await send_list(interaction, self._presets)
        else:
            await send_preset(interaction, self._presets, name)

    @presets.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))


async def send_list(interaction: discord.Interaction, presets: Presets) -> None:
    """Answer with all presets of the server, and what each lacks."""
    guild_id = server_of(interaction)
    listed = [(preset, presets.missing(preset)) for preset in await presets.all(guild_id)]
    card = list_card(listed, await presets.places(guild_id), interaction.channel_id)
    await interaction.response.send_message(embed=card, ephemeral=True)


async def send_preset(interaction: discord.Interaction, presets: Presets, name: str) -> None:
    """Answer with the card of one preset.

    Raises: UserError, if the server has none of this name.
    """
    preset = await presets.get(interaction.guild_id, name)
    places = await presets.places(preset.guild_id)
    card = preset_card(preset, presets.missing(preset), places, interaction.channel_id)
    await interaction.response.send_message(embed=card, ephemeral=True)
