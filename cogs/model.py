"""/model: which models there are."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.names import COLOUR
from cogs.text import MAX_DESCRIPTION, fit_lines
from services.checkpoints import Checkpoint
from services.stock import Stocks


class ModelCommands(commands.GroupCog, name="model", description="Models"):
    """Looking at the checkpoints."""

    def __init__(self, *, stocks: Stocks) -> None:
        super().__init__()
        self._stocks = stocks

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show the models, installed or not."""
        stock = self._stocks.of(interaction.guild_id)
        missing = [model for model in stock.shelf if not stock.shelf.is_installed(model) and stock.permits_model(model)]
        described = [*map(_describe, stock.models), *map(_describe_missing, missing)]
        text = fit_lines(described, MAX_DESCRIPTION, separator="\n\n")
        embed = discord.Embed(title="Models", description=text, colour=COLOUR)
        await interaction.response.send_message(embed=embed, ephemeral=True)


def _describe(model: Checkpoint) -> str:
    recommended = ", ".join(model.recommended[:3]) or "none"
    settings = f"{model.size}, CFG {model.cfg:g}, {model.steps} steps"
    restricted = "\nonly in age-restricted channels" if model.age_restricted else ""
    note = f"\n{model.note}" if model.note else ""
    return f"{_head(model)}\n{settings} · recommended: {recommended}{restricted}{note}"


def _describe_missing(model: Checkpoint) -> str:
    return f"{_head(model)}\nnot installed; the bot's operator can install it"


def _head(model: Checkpoint) -> str:
    return f"**{model.title}** (`{model.id}`) · {model.architecture.facts.title}, {model.lineage}"
