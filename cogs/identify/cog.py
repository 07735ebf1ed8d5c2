"""/identify and "Identify picture" in a message's menu: read a picture's metadata, and draw the picture again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from cogs.answers.buttons import is_ours, job_shown
from cogs.components import PersistentButton
from cogs.identify.card import identify_card, text_of
from cogs.imagine.cog import Imagine
from cogs.interactions import target_of
from services.errors import UserError
from services.infotext.identifier import READERS, Identifier
from services.infotext.metadata import MAX_FILE_BYTES, read_text
from services.jobs import JobId
from services.queue.generation import Generation

#: a form has to open within three seconds of the click
PATIENCE = 2.0
#: for one file
DOWNLOAD_PATIENCE = 30.0  # seconds
#: of a message; a forwarded one may have as many again
_MAX_PICTURES = 10
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
_LOST = "Screenshots, previews and edited copies lose it; please send the original file."


class FillButton(PersistentButton, template=r"identify:fill:(?P<model>[a-z0-9._-]*)"):
    """Opens the form. The model is in the custom id, since finding it out again would take too long for a click."""

    command = "imagine"

    def __init__(self, model: str) -> None:
        style = discord.ButtonStyle.primary
        super().__init__(discord.ui.Button(label="Fill /imagine", style=style, custom_id=f"identify:fill:{model}"))
        self._model = model

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["model"])

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(Identify.__cog_name__)
        assert isinstance(cog, Identify)
        await cog.fill(interaction, self._model or None)


class Identify(commands.Cog):
    """From a picture back to the request."""

    def __init__(
        self, *, client: commands.Bot, identifier: Identifier, imagine: Imagine, generation: Generation
    ) -> None:
        self._client = client
        self._identifier = identifier
        self._imagine = imagine
        self._generation = generation
        #: whose pictures are being read
        self._members: set[int] = set()
        #: bounds the files in memory
        self._readers = asyncio.Semaphore(READERS)
        self._menu = app_commands.ContextMenu(name="Identify picture", callback=self.identify_message)

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(FillButton)
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(FillButton)
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)
        self._identifier.close()

    @app_commands.command()
    async def identify(self, interaction: discord.Interaction, picture: discord.Attachment) -> None:
        """Show how a picture was made, and draw it again.

        Args:
            picture: A PNG, JPEG or WebP file, as saved by the program that made it.
        """
        await self._identify(interaction, [picture])

    async def identify_message(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """The same for the pictures of a message. Those of this bot are on record, should Discord remove their text."""
        forwarded = (file for snapshot in message.message_snapshots for file in snapshot.attachments)
        pictures = [file for file in (*message.attachments, *forwarded) if file.filename.lower().endswith(_ENDINGS)]
        if not pictures:
            raise UserError("There's no PNG, JPEG or WebP picture in that message.")
        await self._identify(interaction, pictures, job_shown(message) if is_ours(message, self._client) else None)

    async def fill(self, interaction: discord.Interaction, model: str | None) -> None:
        """Open the form with what the card says."""
        assert interaction.message is not None
        try:
            text = await asyncio.wait_for(text_of(interaction.message), PATIENCE)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            raise UserError("Discord isn't giving me that card's text right now; please click again.") from error
        found = await self._identifier.run(self._identifier.again, text, model, interaction.guild_id)
        await self._imagine.open_form(interaction, found.request, found.settings)

    async def _identify(
        self, interaction: discord.Interaction, pictures: Sequence[discord.Attachment], job_id: JobId | None = None
    ) -> None:
        small = [picture for picture in pictures if picture.size <= MAX_FILE_BYTES][:_MAX_PICTURES]
        if not small:
            raise UserError(f"I read pictures of up to {MAX_FILE_BYTES // 2**20} MB, and that file is larger.")
        with self._one_at_a_time(interaction.user.id):
            await interaction.response.defer(thinking=True, ephemeral=True)
            text = await self._recorded_text(interaction, small, job_id) if job_id else await self._first_text(small)
            found = await self._identifier.identify(text, interaction.guild_id)
        embed, files = identify_card(text, found, len(pictures) - 1)
        view = discord.ui.View(timeout=None).add_item(FillButton(found.request.model or ""))
        await interaction.edit_original_response(embed=embed, attachments=files, view=view)

    @contextmanager
    def _one_at_a_time(self, member_id: int) -> Iterator[None]:
        if member_id in self._members:
            raise UserError("I'm still reading the last picture you gave me; try again when that's done.")
        self._members.add(member_id)
        try:
            yield
        finally:
            self._members.discard(member_id)

    async def _recorded_text(
        self, interaction: discord.Interaction, pictures: Sequence[discord.Attachment], job_id: JobId
    ) -> str:
        try:
            return await self._first_text(pictures)
        except UserError:
            job = await self._generation.job(job_id, target_of(interaction))
            if job.is_forgotten:  # or deleted
                raise
            return self._identifier.describe(job.parameters)

    async def _first_text(self, pictures: Sequence[discord.Attachment]) -> str:
        """The text of the first picture that has one.

        Raises: UserError, if none has.
        """
        refused: UserError | None = None
        for picture in pictures:
            async with self._readers:
                data = await _download(picture)
                try:
                    text = await self._identifier.run(read_text, data)
                except UserError as error:
                    refused = error
                    continue
            if text is not None:
                return text
        if len(pictures) > 1:
            raise UserError(f"None of those {len(pictures)} pictures has generation metadata. {_LOST}")
        raise refused or UserError(f"That picture has no generation metadata. {_LOST}")


async def _download(picture: discord.Attachment) -> bytes:
    try:
        async with asyncio.timeout(DOWNLOAD_PATIENCE):
            return await picture.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UserError("Discord isn't giving me that picture right now; please try again.") from error
