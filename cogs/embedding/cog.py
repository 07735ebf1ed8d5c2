"""/embedding: what there is, what an embedding is for and, for those who may, installing and removing."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.attachments import download
from cogs.choices import Choices, as_choices, name_choices
from cogs.embedding.cards import list_card
from cogs.embedding.information import Information
from cogs.embedding.installing import Installs
from cogs.embedding.pages import EmbeddingPages, PageKey
from cogs.permissions import EmbeddingPermissions
from cogs.text import as_typed
from services.errors import UserError
from services.library.downloads import MAX_EMBEDDING_BYTES
from services.library.installer import Installer
from services.library.obtaining import suggest_obtainable
from services.matching import closest
from services.planning.fit import usable_with
from services.stock import Stocks
from services.suggestions.autocomplete import Suggestions
from services.suggestions.browsing import Show, order_of
from services.suggestions.suggestion import MAX_CHOICES


class EmbeddingCommands(commands.GroupCog, name="embedding", description="Negative embeddings"):
    """The library, seen from Discord."""

    def __init__(
        self,
        *,
        stocks: Stocks,
        suggestions: Suggestions,
        pages: EmbeddingPages,
        installs: Installs,
        installer: Installer,
        information: Information,
        permissions: EmbeddingPermissions,
    ) -> None:
        super().__init__()
        self._stocks = stocks
        self._suggestions = suggestions
        self._pages = pages
        self._installs = installs
        self._installer = installer
        self._information = information
        self._permissions = permissions

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction, model: str | None = None) -> None:
        """Show the installed negative embeddings, best first.

        Args:
            model: Only those that work with this model.
        """
        stock = self._stocks.of(interaction.guild_id)
        checkpoint, library = stock.checkpoint(model) if model else None, stock.library
        shown = usable_with(checkpoint, library) if checkpoint else sorted(library, key=order_of)
        await interaction.response.send_message(embed=list_card(shown, checkpoint), ephemeral=True)

    @app_commands.command()
    async def browse(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        target: app_commands.Range[str, 1, 30] | None = None,
        show: Literal["all", "installed", "not installed"] = "all",
    ) -> None:
        """Page through all embeddings, installed or known.

        Args:
            model: Only those that work with this model.
            target: Only those with this target, such as hands or blur.
            show: All, the installed ones, or those that could be installed.
        """
        embed, view = self._pages.page(interaction, PageKey(show=Show(show), model=model, target=target))
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command()
    async def info(self, interaction: discord.Interaction, name: str) -> None:
        """Show what an embedding is for, which models it fits, and what it does to a picture.

        Args:
            name: An embedding, installed or known.
        """
        await self._information.show(interaction, name)

    @app_commands.command()
    async def install(
        self,
        interaction: discord.Interaction,
        name: str | None = None,
        file: discord.Attachment | None = None,
        url: str | None = None,
    ) -> None:
        """Install an embedding here by its name, a file or an address (needs Manage Server).

        Args:
            name: An embedding that I know; I download it myself.
            file: The embedding's file: safetensors, .pt, .bin or A1111's .png.
            url: Its address on Civitai or Hugging Face.
        """
        actor = self._permissions.check(interaction)
        if sum(option is not None for option in (name, file, url)) != 1:
            raise UserError("Give the embedding's name, its file or its address: one of the three.")
        if file is not None and file.size > MAX_EMBEDDING_BYTES:
            raise UserError(f"That file has {file.size:,} bytes; an embedding has at most {MAX_EMBEDDING_BYTES:,}.")
        await interaction.response.defer(thinking=True, ephemeral=True)
        if name is not None:
            embedding = await self._installs.install_known(interaction, name)
        elif file is not None:
            embedding = await self._installer.install(await download(file), file.filename, actor)
        else:
            embedding = await self._installs.install_from(interaction, url or "")
        await self._installs.show_installed(interaction, embedding)

    @app_commands.command()
    async def remove(self, interaction: discord.Interaction, name: str) -> None:
        """Remove one of this server's own embeddings (needs Manage Server).

        Args:
            name: An embedding that was installed in this server.
        """
        actor = self._permissions.check(interaction)
        embedding, presets = await self._installer.remove(name, actor)
        names = ", ".join(map(as_typed, presets))
        warning = f" These presets of this server use it and can't be used now: {names}." if presets else ""
        await interaction.response.send_message(f"Removed **{as_typed(embedding.id)}**.{warning}", ephemeral=True)

    @app_commands.command()
    async def publish(self, interaction: discord.Interaction, name: str) -> None:
        """Make one of this server's embeddings available in every server (for the bot's operators).

        Args:
            name: An embedding that was installed in this server.
        """
        embedding = await self._installer.publish(name, self._permissions.actor_of(interaction))
        await interaction.response.send_message(f"Every server has **{as_typed(embedding.id)}** now.", ephemeral=True)

    @list_.autocomplete("model")
    @browse.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(self._suggestions.models(typed, interaction.guild_id))

    @browse.autocomplete("target")
    async def _complete_target(self, interaction: discord.Interaction, typed: str) -> Choices:
        return name_choices(closest(typed, self._pages.targets(interaction.guild_id), limit=MAX_CHOICES))

    @info.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> Choices:
        library = self._stocks.of(interaction.guild_id).library
        names = dict.fromkeys(embedding.id for embedding in (*library, *library.catalog))
        return name_choices(closest(typed, names, limit=MAX_CHOICES))

    @install.autocomplete("name")
    async def _complete_obtainable(self, interaction: discord.Interaction, typed: str) -> Choices:
        return as_choices(suggest_obtainable(self._stocks.of(interaction.guild_id), typed))

    @remove.autocomplete("name")
    @publish.autocomplete("name")
    async def _complete_removable(self, interaction: discord.Interaction, typed: str) -> Choices:
        return name_choices(
            closest(typed, self._installer.removable(self._permissions.actor_of(interaction)), limit=MAX_CHOICES)
        )
