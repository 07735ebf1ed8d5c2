"""The part of /preset that changes presets: saving, editing, renaming, deleting."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.choices import as_choices, picked_so_far
from cogs.imagine.cog import SAMPLER_CHOICES
from cogs.names import EMBEDDING_OPTIONS
from cogs.preset.form import PresetForm
from cogs.preset_rights import managed_server
from services.presets import Presets
from services.presets.changes import Change
from services.presets.lines import FIELDS, LOCKABLE, complete_fields, read_fields
from services.requests import GenerationRequest
from services.suggestions.autocomplete import Suggestions

Text = app_commands.Range[str, 1, 4000]


class PresetWriting(commands.Cog):
    """Commands for members with Manage Server; a part of the cog."""

    _presets: Presets
    _suggestions: Suggestions

    @app_commands.command()
    @app_commands.choices(sampler=SAMPLER_CHOICES)
    async def save(
        self,
        interaction: discord.Interaction,
        name: str,
        model: str | None = None,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        negative: Text | None = None,
        prompt: Text | None = None,
        cfg: float | None = None,
        steps: int | None = None,
        size: str | None = None,
        sampler: str | None = None,
        count: int | None = None,
        locked: str | None = None,
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
            locked: Settings that members cannot change when they use it, with commas: cfg, model
        """
        guild_id = managed_server(interaction)
        change = _change(interaction, locked=locked)
        named = tuple(filter(None, change.embeddings)) or None
        request = GenerationRequest(embeddings=named).over(change.settings)
        locks = read_fields(locked or "", LOCKABLE)
        is_new = await self._presets.save(guild_id, name, request, interaction.user.id, locked=locks)
        fixed = f" Fixed in it: {', '.join(locks)}." if locks else ""
        sentence = f"**{name.strip()}**: use it with /imagine preset:{name.strip()}"
        await interaction.response.send_message(f"{'Saved' if is_new else 'Changed'} {sentence}{fixed}", ephemeral=True)

    @app_commands.command()
    @app_commands.choices(sampler=SAMPLER_CHOICES)
    async def edit(
        self,
        interaction: discord.Interaction,
        name: str,
        model: str | None = None,
        embedding1: str | None = None,
        embedding2: str | None = None,
        embedding3: str | None = None,
        negative: Text | None = None,
        prompt: Text | None = None,
        cfg: float | None = None,
        steps: int | None = None,
        size: str | None = None,
        sampler: str | None = None,
        count: int | None = None,
        locked: str | None = None,
        remove: str | None = None,
    ) -> None:
        """Change what you give, and nothing else (needs Manage Server). With a name alone a form opens.

        Args:
            name: A preset of this server.
            model: The model that draws.
            embedding1: In the place of its first embedding.
            embedding2: In the place of its second embedding.
            embedding3: In the place of its third embedding.
            negative: Words to avoid.
            prompt: A prompt, for whoever gives none.
            cfg: How closely to follow the prompts.
            steps: Denoising steps.
            size: Width x height.
            sampler: The way from noise to picture.
            count: How many pictures.
            locked: Settings that members cannot change, with commas; "none" frees all.
            remove: Settings to take out of it, with commas: negative, cfg
        """
        preset = await self._presets.get(managed_server(interaction), name)
        change = _change(interaction, locked=locked, remove=remove)
        if change.is_empty:
            await interaction.response.send_modal(PresetForm(self._presets, preset))
            return
        edited = await self._presets.edit(change.on(preset), interaction.user.id)
        await interaction.response.send_message(f"Changed **{edited.name}**.", ephemeral=True)

    @app_commands.command()
    async def rename(self, interaction: discord.Interaction, name: str, new: str) -> None:
        """Call a preset otherwise (needs Manage Server). Where it is the default it stays so.

        Args:
            name: A preset of this server.
            new: What to call it from now on.
        """
        before = await self._presets.rename(managed_server(interaction), name, new)
        await interaction.response.send_message(f"**{before.name}** is **{new.strip()}** now.", ephemeral=True)

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        """Delete a preset (needs Manage Server).

        Args:
            name: A preset of this server.
        """
        preset = await self._presets.delete(managed_server(interaction), name)
        await interaction.response.send_message(f"Deleted **{preset.name}**.", ephemeral=True)

    @save.autocomplete("name")
    @edit.autocomplete("name")
    @rename.autocomplete("name")
    @delete.autocomplete("name")
    async def _complete_written(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))

    @save.autocomplete("model")
    @edit.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.models(typed))

    @save.autocomplete("embedding1")
    @save.autocomplete("embedding2")
    @save.autocomplete("embedding3")
    @edit.autocomplete("embedding1")
    @edit.autocomplete("embedding2")
    @edit.autocomplete("embedding3")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        model = interaction.namespace.model
        return as_choices(self._suggestions.embeddings(typed, model=model, picked=picked_so_far(interaction)))

    @save.autocomplete("size")
    @edit.autocomplete("size")
    async def _complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.sizes(interaction.namespace.model))

    @save.autocomplete("locked")
    @edit.autocomplete("locked")
    async def _complete_locked(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(complete_fields(typed, LOCKABLE))

    @edit.autocomplete("remove")
    async def _complete_removed(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(complete_fields(typed, FIELDS))


def _change(interaction: discord.Interaction, *, locked: str | None, remove: str | None = None) -> Change:
    """The settings among the options, which bear the same names in every command that has them."""
    options: dict[str, Any] = vars(interaction.namespace)
    settings = {field: options.get(field) for field in FIELDS if field != "embeddings"}
    embeddings = tuple(options.get(option) for option in EMBEDDING_OPTIONS)
    return Change(settings=GenerationRequest(**settings), embeddings=embeddings, locked=locked, remove=remove)
