"""/favourites: the pictures that a member keeps with ❤️, for them alone."""

from __future__ import annotations

import io
import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.names import COLOUR, HEARTS
from cogs.text import as_typed
from services.favourites import Favourite, Favourites
from services.jobs import Job

PAGE = 5
_MAX_PROMPT = 300  # characters
_NONE_YET = f"You keep no pictures here yet. React with {HEARTS[0]} to one, and it will be on this list."


class PageButton(PersistentButton, template=r"favourites:(?P<page>\d{1,4})"):
    """Turns to a page, counted from 0."""

    command = "favourites"

    def __init__(self, page: int, label: str = "") -> None:
        super().__init__(discord.ui.Button[Any](label=label, custom_id=f"favourites:{page}"))
        self._page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(int(match["page"]))

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(FavouritesList.__cog_name__)
        assert isinstance(cog, FavouritesList)
        await interaction.response.defer()
        await cog.show(interaction, self._page)


class FavouritesList(commands.Cog):
    """Of one server at a time, so that nothing of another one is shown."""

    def __init__(self, *, client: commands.Bot, favourites: Favourites) -> None:
        self._client = client
        self._favourites = favourites

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(PageButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(PageButton)

    @app_commands.command()
    async def favourites(self, interaction: discord.Interaction) -> None:
        """See the pictures that you keep with ❤️, and go back to them."""
        await interaction.response.defer(thinking=True, ephemeral=True)
        await self.show(interaction, 0)

    async def show(self, interaction: discord.Interaction, page: int) -> None:
        """Put a page into the reply."""
        found, has_more = await self._favourites.page(interaction.user.id, interaction.guild_id, page=page, size=PAGE)
        if not found:
            await interaction.edit_original_response(content=_NONE_YET, embeds=[], attachments=[], view=None)
            return
        view = discord.ui.View(timeout=None)
        if page:
            view.add_item(PageButton(page - 1, "Newer"))
        if has_more:
            view.add_item(PageButton(page + 1, "Older"))
        cards = [_card(favourite) for favourite in found]
        files = [file for file in map(_file, found) if file is not None]
        await interaction.edit_original_response(embeds=cards, attachments=files, view=view)


def _card(favourite: Favourite) -> discord.Embed:
    job = favourite.job
    prompt = as_typed(job.parameters.prompt, _MAX_PROMPT) or "*(its prompt is no longer kept)*"
    card = discord.Embed(description=f"**{prompt}**\n[Go to the picture]({link_to(job)})", colour=COLOUR)
    if favourite.picture is not None:
        card.set_thumbnail(url=f"attachment://{job.id}.jpg")
    return card


def _file(favourite: Favourite) -> discord.File | None:
    if favourite.picture is None:
        return None
    name, prompt = f"{favourite.job.id}.jpg", favourite.job.parameters.prompt
    return discord.File(io.BytesIO(favourite.picture), name, description=prompt[:1000])


def link_to(job: Job) -> str:
    """The address of the message with a job's pictures."""
    target = job.target
    return f"https://discord.com/channels/{target.guild_id or '@me'}/{target.channel_id}/{job.message_id}"
