"""/privacy: members see what is stored about them, and have it deleted."""

from __future__ import annotations

import io
import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.guard import FOR_EVERYONE
from services.privacy import Privacy
from services.text import plural


class EraseButton(PersistentButton, template=r"privacy:delete"):
    """Deletes the data of whoever presses it."""

    command = FOR_EVERYONE

    def __init__(self) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(discord.ui.Button(label="Delete my data", style=style, custom_id="privacy:delete"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls()

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(PrivacyCommands.__cog_name__)
        assert isinstance(cog, PrivacyCommands)
        await cog.erase(interaction)


class PrivacyCommands(commands.GroupCog, name="privacy", description="What I store about you"):
    """A member's own data, seen from Discord."""

    def __init__(self, *, client: commands.Bot, privacy: Privacy) -> None:
        super().__init__()
        self._client = client
        self._privacy = privacy

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(EraseButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(EraseButton)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Get everything that I store about you as a file."""
        await interaction.response.defer(thinking=True, ephemeral=True)
        stored = await self._privacy.stored(interaction.user.id)
        file = discord.File(io.BytesIO(stored.file), "my-data.json", description="Everything stored about you")
        text = (
            f"I store {plural(stored.requests, 'request')} of yours, and {plural(stored.presets, 'preset')} that you wrote. "
            "The file has all of it; /privacy delete deletes it."
        )
        await interaction.edit_original_response(content=text, attachments=[file])

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction) -> None:
        """Delete everything that I store about you."""
        stored = await self._privacy.stored(interaction.user.id)
        text = (
            f"This deletes {plural(stored.requests, 'request')} of yours with their prompts and my copies of their pictures, and "
            "takes you out of line. Pictures in channels stay there, but then nobody can reroll them, and their Delete button "
            "stops working: press it first where you want them gone. Presets that you wrote stay with their servers, without "
            "your name."
        )
        view = discord.ui.View(timeout=None).add_item(EraseButton())
        await interaction.response.send_message(text, view=view, ephemeral=True)

    async def erase(self, interaction: discord.Interaction) -> None:
        """Delete the member's data, and say so in place of the question."""
        await interaction.response.defer()
        erased = await self._privacy.erase(interaction.user.id)
        text = f"Deleted {plural(erased.requests, 'request')} and {plural(len(erased.pictures), 'picture')}."
        if erased.pending:
            being = (
                "1 request that is being drawn is"
                if erased.pending == 1
                else f"{erased.pending} that are being drawn are"
            )
            text += f" {being} deleted as soon as you have the pictures."
        await interaction.edit_original_response(content=text, view=None)
