"""/embedding info: what is known about an embedding, with the same pictures without it and with it."""

from __future__ import annotations

import io

import discord

from cogs.embedding.cards import info_card, known_card
from cogs.embedding.installing import Installs
from cogs.text import MAX_ALT_TEXT
from embeddings.catalog import CatalogEntry
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.errors import EngineError, LimitReached
from services.library.installer import Installer
from services.planning.fit import fit_of
from services.queue.samples import Samples, sample_plan
from services.stock import Stock, Stocks
from services.text import shorten
from services.votes import Votes


class Information:
    """Answers privately."""

    def __init__(
        self, *, stocks: Stocks, installer: Installer, installs: Installs, samples: Samples, votes: Votes
    ) -> None:
        self._stocks = stocks
        self._installer = installer
        self._installs = installs
        self._samples = samples
        self._votes = votes

    async def show(self, interaction: discord.Interaction, name: str) -> None:
        """Show an embedding by any of its names.

        Raises: UserError, if there is none.
        """
        stock = self._stocks.of(interaction.guild_id)
        if stock.embedding(name) is None and (entry := stock.catalog_entry(name)) is not None:
            await self._show_known(interaction, entry, stock)
        else:
            await self._show_installed(interaction, stock.named_embedding(name), stock)

    async def _show_known(self, interaction: discord.Interaction, entry: CatalogEntry, stock: Stock) -> None:
        button = self._installs.button_for(interaction, entry.id)
        view = discord.ui.View(timeout=None).add_item(button) if button else discord.utils.MISSING
        await interaction.response.send_message(embed=known_card(entry, stock.models), view=view, ephemeral=True)

    async def _show_installed(
        self, interaction: discord.Interaction, embedding: InstalledEmbedding, stock: Stock
    ) -> None:
        presets = await self._installer.presets_with(embedding, interaction.guild_id)
        tally = self._votes.tally(interaction.guild_id, embedding.id)
        is_shared = self._installer.is_shared(embedding)
        card = info_card(embedding, stock.models, presets, is_shared=is_shared, tally=tally)
        checkpoint = next((model for model in stock.models if fit_of(embedding, model).is_usable), None)
        if checkpoint is None or stock.everywhere.paused:
            await interaction.response.send_message(embed=card, ephemeral=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        files = await self._sample(card, embedding, checkpoint, interaction.user.id)
        await interaction.edit_original_response(embed=card, attachments=files)

    async def _sample(
        self, card: discord.Embed, embedding: InstalledEmbedding, checkpoint: Checkpoint, member_id: int
    ) -> list[discord.File]:
        """Add the pictures to the card, and return their file; none where it can't be drawn now."""
        try:
            data = await self._samples.sheet(embedding, checkpoint, member_id)
        except EngineError:
            return []  # the card is worth reading without it
        except LimitReached as error:
            card.set_footer(text=f"Pictures without it and with it belong here. {error}")
            return []
        plan = sample_plan(embedding, checkpoint)
        seeds = f"seeds {plan.seed} to {plan.seed_of(plan.count - 1)}"
        text = f"{plan.prompt}, on {checkpoint.title} at CFG {plan.cfg:g}, {seeds}. No embedding helps with every seed."
        card.set_image(url="attachment://sample.png")
        card.add_field(name="Without and with it", value=text, inline=False)
        alt = f"{plan.prompt}, drawn by {checkpoint.title} for {seeds}, a row each: without {embedding.id}, and with it"
        return [discord.File(io.BytesIO(data), "sample.png", description=shorten(alt, MAX_ALT_TEXT))]
