"""/preset: named settings of a server. Everyone uses them; who manages the server writes them."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import as_choices, picked_so_far
from cogs.names import COLOUR
from embeddings.library import Library
from services.checkpoints import Shelf
from services.errors import NotAllowed, UserError
from services.picking import split_strength
from services.presets import Presets
from services.requests import GenerationRequest
from services.storage.presets import Preset
from services.suggestions import Suggestions


class PresetCommands(commands.GroupCog, name="preset", description="Saved settings of this server"):
    """Reading and writing presets."""

    def __init__(self, *, presets: Presets, suggestions: Suggestions, shelf: Shelf, library: Library) -> None:
        super().__init__()
        self._presets = presets
        self._suggestions = suggestions
        self._shelf = shelf
        self._library = library

    @app_commands.command()
    async def save(
        self,
        interaction: discord.Interaction,
        name: str,
        model: str | None = None,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        negative: str | None = None,
        prompt: str | None = None,
        cfg: float | None = None,
        steps: int | None = None,
        size: str | None = None,
        sampler: str | None = None,
        count: int | None = None,
    ) -> None:
        """Save settings under a name (needs Manage Server). An existing preset is overwritten.

        Args:
            name: What to call it.
            model: The model that draws.
            embedding1: A negative embedding, perhaps with a strength.
            embedding2: A second one.
            embedding3: A third one.
            negative: Words to avoid.
            prompt: A prompt, for whoever gives none.
            cfg: How closely to follow the prompts.
            steps: Denoising steps.
            size: Width x height.
            sampler: The way from noise to picture.
            count: How many pictures.
        """
        guild_id = _managed_server(interaction)
        named = tuple(one for one in (embedding1, embedding2, embedding3) if one)
        request = GenerationRequest(
            prompt=prompt, negative=negative, model=model, embeddings=named or None, cfg=cfg, steps=steps, size=size,
            sampler=sampler, count=count,
        )  # fmt: skip
        self._check_names(request)
        is_new = await self._presets.save(guild_id, name.strip(), request, interaction.user.id)
        done = "Saved" if is_new else "Changed"
        await interaction.response.send_message(
            f"{done} **{name.strip()}**: use it with /imagine preset:{name.strip()}", ephemeral=True
        )

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, name: str) -> None:
        """Show what a preset sets.

        Args:
            name: A preset of this server.
        """
        preset = await self._presets.get(interaction.guild_id, name)
        embed = discord.Embed(title=preset.name, description=_settings(preset), colour=COLOUR)
        embed.set_footer(text=f"used {preset.uses} times")
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show this server's presets, the most used first."""
        presets = await self._presets.all(_server(interaction))
        text = "\n".join(f"**{one.name}**: {_summary(one)}" for one in presets)
        text = text[:4000] or "There are none yet; /preset save makes one."
        embed = discord.Embed(title="Presets", description=text, colour=COLOUR)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        """Delete a preset (needs Manage Server).

        Args:
            name: A preset of this server.
        """
        preset = await self._presets.delete(_managed_server(interaction), name)
        await interaction.response.send_message(f"Deleted **{preset.name}**.", ephemeral=True)

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
        await self._presets.set_default(_managed_server(interaction), channel_id, name)
        place = "this channel" if where == "channel" else "this server"
        sentence = (
            f"**{name}** is now the default of {place}." if name else f"There is no default for {place} any more."
        )
        await interaction.response.send_message(sentence, ephemeral=True)

    @show.autocomplete("name")
    @delete.autocomplete("name")
    @default.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))

    @save.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.models(typed))

    @save.autocomplete("embedding1")
    @save.autocomplete("embedding2")
    @save.autocomplete("embedding3")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        model = interaction.namespace.model
        return as_choices(self._suggestions.embeddings(typed, model=model, picked=picked_so_far(interaction)))

    def _check_names(self, request: GenerationRequest) -> None:
        """A typing error is better found now than by everyone who uses the preset."""
        if request.model is not None:
            self._shelf.find(request.model)
        for name in request.embeddings or ():
            bare, _ = split_strength(name)
            if self._library.find(bare) is None and self._library.catalog.find(bare) is None:
                raise UserError(f"There is no embedding '{bare[:60]}' here; /embedding list shows what there is.")


def _server(interaction: discord.Interaction) -> int:
    if interaction.guild_id is None:
        raise UserError("Presets belong to servers; use this in a server's channel.")
    return interaction.guild_id


def _managed_server(interaction: discord.Interaction) -> int:
    guild_id = _server(interaction)
    if not interaction.permissions.manage_guild:
        raise NotAllowed("Presets are written by those who may manage the server; /imagine preset: is for everyone.")
    return guild_id


def _settings(preset: Preset) -> str:
    table = preset.request.as_json()
    return "\n".join(
        f"**{key}**: {', '.join(value) if isinstance(value, list) else value}" for key, value in table.items()
    )


def _summary(preset: Preset) -> str:
    request = preset.request
    parts = [request.model, *(request.embeddings or ()), request.negative]
    return ", ".join(part for part in parts if part)[:150] or "settings"
