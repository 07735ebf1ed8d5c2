"""/embedding: what is installed, and what one of them is for."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import as_choices
from cogs.names import COLOUR
from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import Shelf
from services.errors import UnknownName
from services.fit import fit_of, usable_with
from services.matching import closest
from services.suggestions import Suggestions

#: an embed's description holds 4096 characters
MAX_LISTED = 30


class EmbeddingCommands(commands.GroupCog, name="embedding", description="Negative embeddings"):
    """Looking at the library."""

    def __init__(self, *, library: Library, shelf: Shelf, suggestions: Suggestions) -> None:
        super().__init__()
        self._library = library
        self._shelf = shelf
        self._suggestions = suggestions

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction, model: str | None = None) -> None:
        """Show the installed negative embeddings, the best first.

        Args:
            model: Only those that work with this model.
        """
        shown = list(self._library)
        title = "Negative embeddings"
        if model is not None:
            checkpoint = self._shelf.find(model)
            shown, title = usable_with(checkpoint, self._library), f"Negative embeddings for {checkpoint.title}"
        shown = shown if model else sorted(shown, key=lambda one: (one.architecture, one.rank, one.id.casefold()))
        lines = [_line(one) for one in shown[:MAX_LISTED]]
        if len(shown) > MAX_LISTED:
            lines.append(f"… and {len(shown) - MAX_LISTED} more; /embedding info knows them all.")
        text = "\n".join(lines) or "None is installed yet; the operator puts files into the embeddings folder."
        embed = discord.Embed(title=title, description=text, colour=COLOUR)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command()
    async def info(self, interaction: discord.Interaction, name: str) -> None:
        """Show what an embedding is for and which models it fits.

        Args:
            name: An installed embedding.
        """
        installed = self._library.find(name)
        if installed is None:
            near = closest(name, [one.id for one in self._library])
            raise UnknownName(f"There is no embedding '{name[:60]}' here. Perhaps {', '.join(near) or 'none yet'}?")
        await interaction.response.send_message(embed=self._card(installed), ephemeral=True)

    @list_.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.models(typed))

    @info.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = closest(typed, [one.id for one in self._library], limit=25)
        return [app_commands.Choice(name=name[:100], value=name[:100]) for name in names]

    def _card(self, one: InstalledEmbedding) -> discord.Embed:
        entry = one.entry
        embed = discord.Embed(title=one.title, description=entry.note if entry else None, colour=COLOUR)
        embed.add_field(name="Targets", value=", ".join(one.targets) or "unknown", inline=False)
        embed.add_field(
            name="Made for", value=f"{one.architecture.facts.title}{f', {one.lineage}' if one.lineage else ''}"
        )
        embed.add_field(name="Vectors", value=str(one.num_vectors))
        embed.add_field(name="Strength", value=f"{one.strength:g}")
        fits = [f"{model.title}: {fit_of(one, model).value}" for model in self._shelf.installed]
        embed.add_field(name="Fit", value="\n".join(fits)[:1024] or "no model is installed", inline=False)
        if entry is not None:
            for label, names in (
                ("Conflicts", entry.conflicts),
                ("Contains", entry.contains),
                ("Goes with", entry.goes_with),
            ):
                if names:
                    embed.add_field(name=label, value=", ".join(names))
            source = f"{entry.source} · by {entry.author} · licence: {entry.licence}"
            embed.add_field(name="Provenance", value=source, inline=False)
        embed.set_footer(text=f"file {one.file_hash[:12]} · content {one.content_hash[:12]}")
        return embed


def _line(one: InstalledEmbedding) -> str:
    targets = ", ".join(one.targets) or "no description"
    return f"**{one.id}** ({one.architecture.facts.title}, {one.num_vectors} vectors): {targets}"
