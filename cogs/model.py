"""/model: which models there are."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.names import COLOUR
from cogs.text import MAX_DESCRIPTION, fit_lines
from services.checkpoints import Checkpoint, Shelf


class ModelCommands(commands.GroupCog, name="model", description="Models"):
    """Looking at the checkpoints."""

    def __init__(self, *, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show the models, installed or not."""
        ordered = sorted(self._shelf, key=lambda model: not self._shelf.is_installed(model))
        text = fit_lines(map(self._describe, ordered), MAX_DESCRIPTION, separator="\n\n")
        embed = discord.Embed(title="Models", description=text, colour=COLOUR)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    def _describe(self, model: Checkpoint) -> str:
        head = f"**{model.title}** (`{model.id}`) · {model.architecture.facts.title}, {model.lineage}"
        if not self._shelf.is_installed(model):
            return f"{head}\nnot installed: `python -m bot install {model.id}`"
        recommended = ", ".join(model.recommended[:3]) or "none"
        settings = f"{model.size}, CFG {model.cfg:g}, {model.steps} steps"
        note = f"\n{model.note}" if model.note else ""
        return f"{head}\n{settings} · recommended: {recommended}{note}"
