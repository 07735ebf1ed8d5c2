"""/preset: named settings of a server. Everyone can use them; members with Manage Server write them."""

from __future__ import annotations

import io
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.attachments import download
from cogs.choices import EMBEDDING_OPTIONS, SAMPLER_CHOICES, Cfg, Choices, Count, Steps, as_choices
from cogs.completion import Completion
from cogs.permissions import managed_server, server_of
from cogs.preset.cards import saved_card
from cogs.preset.form import PresetForm
from cogs.preset.reading import send_list, send_preset
from cogs.text import as_typed
from services.choices import parse_choices
from services.errors import UserError
from services.presets import Presets
from services.presets.changes import Change
from services.presets.fields import FIELDS, LOCKABLE, complete_fields
from services.presets.files import MAX_FILE_BYTES, write_presets
from services.presets.rules import Missing
from services.requests import GenerationRequest, Preset
from services.text import and_list, plural

Text = app_commands.Range[str, 1, 4000]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.default_permissions(manage_guild=True)
class PresetCommands(commands.GroupCog, name="preset", description="Manage this server's saved settings"):
    """Presets, seen by those who write them. Discord hides whole groups only, so /presets is for everybody else."""

    def __init__(self, *, presets: Presets, completion: Completion) -> None:
        super().__init__()
        self._presets = presets
        self._completion = completion

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, name: str) -> None:
        """Show what a preset sets.

        Args:
            name: A preset of this server.
        """
        await send_preset(interaction, self._presets, name)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show this server's presets, most used first."""
        await send_list(interaction, self._presets)

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
        cfg: Cfg | None = None,
        steps: Steps | None = None,
        size: str | None = None,
        sampler: str | None = None,
        count: Count | None = None,
        locked: str | None = None,
    ) -> None:
        """Save settings under a name (needs Manage Server). An existing preset is overwritten.

        Args:
            name: What to call it.
            model: The model that draws.
            embedding1: A negative embedding; EasyNegative:0.8 sets its strength.
            embedding2: A second negative embedding.
            embedding3: A third negative embedding.
            negative: Words to avoid.
            prompt: A prompt, for members who give none.
            cfg: How closely to follow both prompts.
            steps: Denoising steps.
            size: Width x height.
            sampler: How noise is turned into a picture.
            count: How many pictures.
            locked: Settings that members can't override, separated by commas, such as cfg, model
        """
        new = Preset(managed_server(interaction), name, GenerationRequest(), interaction.user.id)
        preset = _change(interaction, locked=locked).on(new)
        is_new = await self._presets.save(preset)
        shown = as_typed(name.strip())
        locks = f", with {and_list(preset.locked)} locked" if preset.locked else ""
        sentence = f"{'Saved' if is_new else 'Changed'} **{shown}**{locks}. Use it with /imagine preset:{shown}"
        await interaction.response.send_message(sentence, ephemeral=True)

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
        cfg: Cfg | None = None,
        steps: Steps | None = None,
        size: str | None = None,
        sampler: str | None = None,
        count: Count | None = None,
        locked: str | None = None,
        remove: str | None = None,
    ) -> None:
        """Change only what you give (needs Manage Server). With just a name, a form opens.

        Args:
            name: A preset of this server.
            model: The model that draws.
            embedding1: Replaces its first embedding.
            embedding2: Replaces its second embedding.
            embedding3: Replaces its third embedding.
            negative: Words to avoid.
            prompt: A prompt, for members who give none.
            cfg: How closely to follow both prompts.
            steps: Denoising steps.
            size: Width x height.
            sampler: How noise is turned into a picture.
            count: How many pictures.
            locked: Settings that members can't override, separated by commas; "none" unlocks all.
            remove: Settings to take out, separated by commas, such as negative, cfg
        """
        preset = await self._presets.get(managed_server(interaction), name)
        change = _change(interaction, locked=locked, remove=remove)
        if change.is_empty:
            await PresetForm(self._presets, preset).open(interaction)
            return
        edited = await self._presets.edit(change.on(preset), interaction.user.id)
        await interaction.response.send_message(f"Changed **{as_typed(edited.name)}**.", ephemeral=True)

    @app_commands.command()
    async def rename(self, interaction: discord.Interaction, name: str, new: str) -> None:
        """Rename a preset (needs Manage Server). It stays the default wherever it is.

        Args:
            name: A preset of this server.
            new: Its new name.
        """
        before = await self._presets.rename(managed_server(interaction), name, new)
        sentence = f"**{as_typed(before.name)}** is now called **{as_typed(new.strip())}**."
        await interaction.response.send_message(sentence, ephemeral=True)

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        """Delete a preset (needs Manage Server).

        Args:
            name: A preset of this server.
        """
        preset = await self._presets.delete(managed_server(interaction), name)
        await interaction.response.send_message(f"Deleted **{as_typed(preset.name)}**.", ephemeral=True)

    @app_commands.command()
    async def default(
        self, interaction: discord.Interaction, where: Literal["channel", "server"], name: str | None = None
    ) -> None:
        """Make a preset the default here (needs Manage Server); without a name, clear the default.

        Args:
            where: Only this channel, or the whole server.
            name: A preset of this server.
        """
        channel_id = interaction.channel_id if where == "channel" else None
        preset = await self._presets.set_default(managed_server(interaction), channel_id, name)
        changed = f"**{as_typed(preset.name)}** is now the default" if preset else "There's no longer a default preset"
        await interaction.response.send_message(f"{changed} for this {where}.", ephemeral=True)

    @app_commands.command()
    async def export(self, interaction: discord.Interaction, name: str | None = None) -> None:
        """Get this server's presets as a file for /preset import in another server.

        Args:
            name: Only this preset.
        """
        guild_id = server_of(interaction)
        presets = [await self._presets.get(guild_id, name)] if name else await self._presets.all(guild_id)
        if not presets:
            raise UserError("This server has no presets yet; /preset save makes one.")
        file = discord.File(io.BytesIO(write_presets(presets)), "presets.json")
        sentence = f"{plural(len(presets), 'preset')}; use /preset import to add the file to another server."
        await interaction.response.send_message(sentence, file=file, ephemeral=True)

    @app_commands.command(name="import")
    async def import_(self, interaction: discord.Interaction, file: discord.Attachment, replace: bool = False) -> None:
        """Import a file of presets, all of it or nothing (needs Manage Server).

        Args:
            file: A file made by /preset export.
            replace: Overwrite existing presets of the same names; by default they are kept.
        """
        guild_id = managed_server(interaction)
        if file.size > MAX_FILE_BYTES:
            raise UserError(f"That file has {file.size:,} bytes; a file of presets can have {MAX_FILE_BYTES:,}.")
        await interaction.response.defer(thinking=True, ephemeral=True)
        saved = await self._presets.import_file(
            guild_id, await download(file), interaction.user.id, replace_taken=replace
        )
        await interaction.edit_original_response(embed=saved_card(saved, await self._missing(guild_id, saved.stored)))

    async def _missing(self, guild_id: int, names: set[str]) -> dict[str, list[Missing]]:
        """What the presets of these names lack."""
        presets = [preset for preset in await self._presets.all(guild_id) if preset.name.casefold() in names]
        return {preset.name: gone for preset in presets if (gone := self._presets.missing(preset))}

    @show.autocomplete("name")
    @save.autocomplete("name")
    @edit.autocomplete("name")
    @rename.autocomplete("name")
    @delete.autocomplete("name")
    @default.autocomplete("name")
    @export.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))

    @save.autocomplete("model")
    @edit.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.model(interaction, typed)

    @save.autocomplete("embedding1")
    @save.autocomplete("embedding2")
    @save.autocomplete("embedding3")
    @edit.autocomplete("embedding1")
    @edit.autocomplete("embedding2")
    @edit.autocomplete("embedding3")
    async def _complete_embedding(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.embedding(interaction, typed)

    @save.autocomplete("size")
    @edit.autocomplete("size")
    async def _complete_size(self, interaction: discord.Interaction, typed: str) -> Choices:
        return self._completion.size(interaction, typed)

    @save.autocomplete("locked")
    @edit.autocomplete("locked")
    async def _complete_locked(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(complete_fields(typed, LOCKABLE))

    @edit.autocomplete("remove")
    async def _complete_removed(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(complete_fields(typed, FIELDS))


def _change(interaction: discord.Interaction, *, locked: str | None, remove: str | None = None) -> Change:
    """The settings among the options, which have the same names in every command."""
    options: dict[str, Any] = vars(interaction.namespace)
    settings = {field: options.get(field) for field in FIELDS if field != "embeddings"}
    embeddings = tuple(parse_choices(options.get(option) or "") for option in EMBEDDING_OPTIONS)
    return Change(settings=GenerationRequest(**settings), embeddings=embeddings, locked=locked, remove=remove)
