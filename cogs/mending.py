"""The button under a refusal that asks again for what was refused, mended as its sentence advises."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.compare import Compare
from cogs.components import PersistentButton
from cogs.imagine.cog import Imagine
from cogs.remedies import Remedies
from services.drafts import Drafts
from services.errors import UserError


class MendButton(PersistentButton, template=r"mend-draft:(?P<draft>\d{1,18})"):
    """Has the draft's id in its custom id; the draft is on record."""

    command = "imagine"

    def __init__(self, draft_id: int, label: str = "") -> None:
        style = discord.ButtonStyle.primary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=f"mend-draft:{draft_id}"))
        self._draft_id = draft_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(int(match["draft"]))

    async def press(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, commands.Bot)
        cog = interaction.client.get_cog(Mending.__cog_name__)
        assert isinstance(cog, Mending)
        await cog.mend(interaction, self._draft_id)


class Mending(commands.Cog):
    """Asks with the command that was refused."""

    def __init__(
        self, *, client: commands.Bot, remedies: Remedies, drafts: Drafts, imagine: Imagine, compare: Compare
    ) -> None:
        self._client = client
        self._remedies = remedies
        self._drafts = drafts
        self._imagine = imagine
        self._compare = compare

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(MendButton)
        self._remedies.offer(UserError, _button)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(MendButton)

    async def mend(self, interaction: discord.Interaction, draft_id: int) -> None:
        """Ask for a draft.

        Raises: UserError; another remedy may be in it.
        """
        draft = await self._drafts.get(draft_id, interaction.user.id)
        if draft.grid is not None:
            await self._compare.draw(interaction, draft.request, draft.grid)
        else:
            await self._imagine.draw(interaction, draft.request, draft.preset)


def _button(interaction: discord.Interaction, refused: UserError) -> MendButton | None:
    if refused.draft_id is None or refused.remedy is None:
        return None
    return MendButton(refused.draft_id, refused.remedy.label)
