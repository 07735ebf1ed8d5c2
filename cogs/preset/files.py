"""The part of /preset that carries presets from one server to another, as files."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from cogs.attachments import fetched
from cogs.choices import as_choices
from cogs.preset.cards import saved_card
from cogs.preset_rights import managed_server, server_of
from services.errors import UserError
from services.presets import Presets
from services.presets.files import MAX_FILE_BYTES, write_presets


class PresetFiles(commands.Cog):
    """Everyone may take presets along; who manages a server may bring them in. A part of the cog."""

    _presets: Presets

    @app_commands.command()
    async def export(self, interaction: discord.Interaction, name: str | None = None) -> None:
        """Get this server's presets as a file that /preset import takes in another server.

        Args:
            name: One preset alone.
        """
        guild_id = server_of(interaction)
        presets = [await self._presets.get(guild_id, name)] if name else await self._presets.all(guild_id)
        if not presets:
            raise UserError("This server has no presets yet; /preset save makes one.")
        file = discord.File(io.BytesIO(write_presets(presets)), "presets.json")
        sentence = f"{len(presets)} preset{'' if len(presets) == 1 else 's'}: take the file to /preset import."
        await interaction.response.send_message(sentence, file=file, ephemeral=True)

    @app_commands.command(name="import")
    async def import_(self, interaction: discord.Interaction, file: discord.Attachment, replace: bool = False) -> None:
        """Take in a file of presets, whole or not at all (needs Manage Server).

        Args:
            file: What /preset export made.
            replace: Overwrite presets whose names are taken; without it they stay as they are.
        """
        guild_id = managed_server(interaction)
        if file.size > MAX_FILE_BYTES:
            raise UserError(f"That file has {file.size:,} bytes; presets have at most {MAX_FILE_BYTES:,}.")
        await interaction.response.defer(thinking=True, ephemeral=True)
        data = await fetched(file)
        saved = await self._presets.take_in(guild_id, data, interaction.user.id, replace_taken=replace)
        taken_in = {name.casefold() for name in (*saved.added, *saved.replaced)}
        missing = {one.name: self._presets.missing(one) for one in await self._presets.all(guild_id)}
        missing = {name: gone for name, gone in missing.items() if gone and name.casefold() in taken_in}
        await interaction.edit_original_response(embed=saved_card(saved, missing))

    @export.autocomplete("name")
    async def _complete_exported(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._presets.suggest(interaction.guild_id, typed))
