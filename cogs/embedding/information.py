"""/embedding info: what is known about an embedding, with the same pictures without it and with it."""

from __future__ import annotations

import discord

from cogs.embedding.cards import info_card, known_card
from cogs.embedding.installing import Installs
from cogs.embedding.sample import add_sample
from embeddings.catalog import CatalogEntry, other_file_of
from embeddings.library import InstalledEmbedding
from services.library.installer import Installer
from services.planning.fit import fit_of
from services.queue.samples import Samples
from services.stock import Stock, Stocks
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
        if (known := stock.catalog_entry(embedding.id)) is not None and embedding.entry is None:
            card.insert_field_at(0, name="Careful", value=other_file_of(known), inline=False)
        checkpoint = next((model for model in stock.models if fit_of(embedding, model).is_usable), None)
        if checkpoint is None or stock.everywhere.paused:
            await interaction.response.send_message(embed=card, ephemeral=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        files = await add_sample(card, embedding, checkpoint, interaction.user.id, self._samples)
        await interaction.edit_original_response(embed=card, attachments=files)
