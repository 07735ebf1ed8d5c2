"""/model: which models can draw here."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.names import COLOUR
from services.checkpoints import Checkpoint, Shelf


class ModelCommands(commands.GroupCog, name="model", description="Models"):
    """Looking at the checkpoints."""

    def __init__(self, *, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show the models, installed or not."""
        ordered = sorted(self._shelf, key=lambda one: not self._shelf.is_installed(one))
        text = "\n\n".join(self._describe(one) for one in ordered)[:4000]
        embed = discord.Embed(title="Models", description=text, colour=COLOUR)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    def _describe(self, one: Checkpoint) -> str:
        head = f"**{one.title}** (`{one.id}`) · {one.architecture.facts.title}, {one.lineage}"
        if not self._shelf.is_installed(one):
            return f"{head}\nnot installed: `python -m bot install {one.id}`"
        recommended = ", ".join(one.recommended[:3]) or "none"
        settings = f"{one.size}, CFG {one.cfg:g}, {one.steps} steps"
        note = f"\n{one.note}" if one.note else ""
        return f"{head}\n{settings} · recommended: {recommended}{note}"
