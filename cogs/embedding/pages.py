"""The pages of /embedding browse. Page and filters are in the buttons' custom ids, so they survive every restart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.embedding.installing import Installs
from cogs.names import COLOUR
from cogs.text import MAX_DESCRIPTION, fit_lines
from services.suggestions.browsing import Browsing, Listing, Show
from services.text import plural

_TEMPLATE = r"browse:(?P<page>\d+):(?P<show>[a-z ]+):(?P<model>[^:]*):(?P<target>.*)"


@dataclass(frozen=True, slots=True)
class PageKey:
    """Which page, counted from 0, of which embeddings."""

    page: int = 0
    show: Show = Show.ALL
    model: str | None = None
    target: str | None = None

    @property
    def custom_id(self) -> str:
        return f"browse:{self.page}:{self.show.value}:{self.model or ''}:{self.target or ''}"


class BrowseButton(PersistentButton, template=_TEMPLATE):
    """Goes to another page with the same filters."""

    command = "embedding"

    def __init__(self, label: str, key: PageKey, *, disabled: bool = False) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=key.custom_id, disabled=disabled))
        self._key = key

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        key = PageKey(int(match["page"]), Show(match["show"]), match["model"] or None, match["target"] or None)
        return cls("", key)

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(EmbeddingPages.__cog_name__)
        assert isinstance(cog, EmbeddingPages)
        embed, view = cog.page(interaction, self._key)
        await interaction.response.edit_message(embed=embed, view=view)


class EmbeddingPages(commands.Cog):
    """Makes the pages, for the command and for the buttons."""

    def __init__(self, *, client: commands.Bot, browsing: Browsing, installs: Installs) -> None:
        self._client = client
        self._browsing = browsing
        self._installs = installs

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(BrowseButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(BrowseButton)

    def targets(self, guild_id: int | None) -> list[str]:
        """What can be filtered by."""
        return self._browsing.targets(guild_id)

    def page(self, interaction: discord.Interaction, key: PageKey) -> tuple[discord.Embed, discord.ui.View]:
        """A page, with buttons to the pages before and after it and, for those who may, to install what isn't here."""
        page = self._browsing.page(key.page, interaction.guild_id, model=key.model, target=key.target, show=key.show)
        text = fit_lines(map(_describe, page.listings), MAX_DESCRIPTION, separator="\n\n")
        embed = discord.Embed(
            title="Negative embeddings", description=text or "Nothing matches; try fewer filters.", colour=COLOUR
        )
        embed.set_footer(text=f"page {page.number + 1} of {page.pages} · {plural(page.total, 'embedding')}")
        buttons = discord.ui.View(timeout=None)
        if page.pages > 1:
            back, ahead = replace(key, page=max(page.number - 1, 0)), replace(key, page=page.number + 1)
            buttons.add_item(BrowseButton("◀ Back", back, disabled=page.number == 0))
            buttons.add_item(BrowseButton("Next ▶", ahead, disabled=page.number == page.pages - 1))
        for listing in page.listings:
            if listing.installed is None and (button := self._installs.button_for(interaction, listing.id)) is not None:
                buttons.add_item(button)
        return embed, buttons


def _describe(listing: Listing) -> str:
    mark = "✅" if listing.installed else "➕"
    is_other = listing.lineage and listing.lineage != listing.architecture.value
    head = f"{mark} **{listing.id}** · {listing.architecture.facts.title}" + (
        f", {listing.lineage}" if is_other else ""
    )
    vectors = f" · {listing.installed.extent}" if listing.installed else ""
    targets = ", ".join(listing.targets) or "no description"
    source = (
        f"\nfrom {listing.entry.source}" if listing.entry and not listing.installed and listing.entry.source else ""
    )
    return f"{head}{vectors}\n{targets}{source}"
