"""The pages of /embedding browse. Page and filters are in the buttons' ids, so they outlive every restart."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from cogs.errors import answer_error
from cogs.names import COLOUR
from services.suggestions.browsing import Browsing, Leaf, Show

_TEMPLATE = r"browse:(?P<page>\d+):(?P<show>[a-z ]+):(?P<model>[^:]*):(?P<target>.*)"


class BrowseButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_TEMPLATE):
    """To another page with the same filters."""

    def __init__(
        self, label: str, page: int, model: str | None, target: str | None, show: Show, *, disabled: bool = False
    ) -> None:
        custom_id = f"browse:{page}:{show.value}:{model or ''}:{target or ''}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id, disabled=disabled))
        self._page, self._model, self._target, self._show = page, model, target, show

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls("", int(match["page"]), match["model"] or None, match["target"] or None, Show(match["show"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            cog: Any = interaction.client.get_cog("embedding")  # pyright: ignore[reportAttributeAccessIssue]
            embed, view = browse_message(
                cog.browsing, self._page, model=self._model, target=self._target, show=self._show
            )
            await interaction.response.edit_message(embed=embed, view=view)
        except Exception as error:  # discord.py would only log it
            await answer_error(interaction, error)


def browse_message(
    browsing: Browsing, number: int, *, model: str | None, target: str | None, show: Show
) -> tuple[discord.Embed, discord.ui.View]:
    """A page and the ways to its neighbours."""
    page = browsing.page(number, model=model, target=target, show=show)
    text = "\n\n".join(_describe(leaf) for leaf in page.leaves) or "None matches; leave a filter out."
    embed = discord.Embed(title="Negative embeddings", description=text[:4096], colour=COLOUR)
    embed.set_footer(text=f"page {page.number + 1} of {page.pages} · {page.total} in all")
    view = discord.ui.View(timeout=None)
    last = page.pages - 1
    if page.pages > 1:
        view.add_item(
            BrowseButton("◀ Back", max(page.number - 1, 0), model, target, show, disabled=page.number == 0)
        ).add_item(BrowseButton("Next ▶", page.number + 1, model, target, show, disabled=page.number == last))
    return embed, view


def _describe(leaf: Leaf) -> str:
    mark = "✅" if leaf.installed else "➕"
    lineage = f", {leaf.lineage}" if leaf.lineage and leaf.lineage != leaf.architecture.value else ""
    head = f"{mark} **{leaf.id}** · {leaf.architecture.facts.title}{lineage}"
    vectors = f" · {leaf.installed.num_vectors} vectors" if leaf.installed else ""
    targets = ", ".join(leaf.targets) or "no description"
    source = f"\nfrom {leaf.entry.source}" if leaf.entry and not leaf.installed and leaf.entry.source else ""
    return f"{head}{vectors}\n{targets}{source}"
