"""/help: what the bot is about, on one screen."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs.embedding.sample import add_sample
from cogs.imagine.compose import ComposeButton
from cogs.names import COLOUR
from services.errors import UserError
from services.planning.fit import usable_with
from services.queue.samples import Samples
from services.stock import Stock, Stocks

_ABOUT = (
    "I draw pictures from words. My craft is the **negative embedding**: a few vectors that were trained on what pictures should "
    "*not* look like. In the negative prompt they steer a picture away from that, better than words do."
)
_COMMANDS = {
    "/imagine": "draws: `/imagine prompt:a red fish in the sea`. Options choose the model, the embeddings and everything else.",
    "/compare": "draws the same picture without embeddings and with each, so that you see what they do.",
    "/embedding browse": "finds embeddings for your model, by what they avoid: hands, blur, watermarks …",
}


class Help(commands.Cog):
    """Answers privately."""

    def __init__(self, *, stocks: Stocks, samples: Samples) -> None:
        self._stocks = stocks
        self._samples = samples

    @app_commands.command(name="help")
    async def help_(self, interaction: discord.Interaction) -> None:
        """See what I do, in one picture and three commands."""
        card = help_card()
        stock = self._stocks.of(interaction.guild_id)
        await interaction.response.defer(thinking=True, ephemeral=True)
        files = await self._files(card, stock, interaction.user.id)
        view = discord.ui.View(timeout=None).add_item(ComposeButton())
        await interaction.edit_original_response(embed=card, attachments=files, view=view)

    async def _files(self, card: discord.Embed, stock: Stock, member_id: int) -> list[discord.File]:
        try:
            checkpoint = stock.installed_checkpoint(None)
        except UserError:  # nothing can be drawn here, which /imagine explains
            return []
        usable = usable_with(checkpoint, stock.library)
        if not usable or stock.everywhere.paused:
            return []
        return await add_sample(card, usable[0], checkpoint, member_id, self._samples)


def help_card() -> discord.Embed:
    """The card without its pictures."""
    card = discord.Embed(title="Negative Space", description=_ABOUT, colour=COLOUR)
    for command, text in _COMMANDS.items():
        card.add_field(name=command, value=text, inline=False)
    return card
