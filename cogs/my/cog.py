"""/my defaults: what a member wants wherever neither they nor a preset say otherwise."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.my.form import DefaultsForm
from cogs.text import as_typed
from services.defaults import Defaults
from services.requests import MemberDefaults
from services.stock import Stocks
from services.text import and_list


class MyCommands(commands.GroupCog, name="my", description="What I do for you alone"):
    """A member's own settings; the same in every server."""

    def __init__(self, *, defaults: Defaults, stocks: Stocks) -> None:
        super().__init__()
        self._defaults = defaults
        self._stocks = stocks

    @app_commands.command(name="defaults")
    async def defaults_(self, interaction: discord.Interaction) -> None:
        """Set your own model, embeddings and size, and whether only you see your pictures."""
        known = await self._defaults.of(interaction.user.id)
        models = self._stocks.of(interaction.guild_id).models
        await DefaultsForm(known, models, self._save).open(interaction)

    async def _save(self, interaction: discord.Interaction, wanted: MemberDefaults) -> None:
        stock = self._stocks.of(interaction.guild_id)
        saved = await self._defaults.save(interaction.user.id, wanted, stock)
        await interaction.response.send_message(_said(saved), ephemeral=True)


def _said(saved: MemberDefaults) -> str:
    request = saved.request
    parts = [
        *([f"model {as_typed(request.model)}"] if request.model else []),
        *([as_typed(and_list(map(str, request.embeddings)))] if request.embeddings else []),
        *([f"size {request.size}"] if request.size else []),
    ]
    used = f"You get {', '.join(parts)} wherever you and the server's presets leave it open." if parts else ""
    seen = "Only you see your pictures." if saved.is_private else "Everybody in the channel sees your pictures."
    return f"Saved. {used} {seen}".replace("  ", " ")
