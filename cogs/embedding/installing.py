"""Install a curated embedding with a button: it shows what would be installed, and from where, and then installs it."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any, Self

import discord
from discord.ext import commands

from cogs.components import PersistentButton
from cogs.embedding.cards import info_card, known_card
from cogs.permissions import EmbeddingPermissions
from cogs.remedies import Remedies
from cogs.text import as_typed, progress_bar
from embeddings.library import InstalledEmbedding
from services.errors import NotInstalled, UserError
from services.library.installer import Installer
from services.library.obtaining import obtainable
from services.stock import Stock, Stocks

#: seconds between two edits of a message; Discord allows five in five seconds
_EDIT_EVERY = 2.0


class DownloadProgress:
    """Shows in an interaction's reply how far a download is."""

    def __init__(self, interaction: discord.Interaction, name: str) -> None:
        self._interaction = interaction
        self._name = name
        self._received, self._size = 0, 0
        self._task: asyncio.Task[None] | None = None

    def __call__(self, received: int, size: int | None) -> None:
        self._received, self._size = received, size or 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._show(), name="progress of a download")
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task  # an edit on its way would otherwise arrive after the result

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(_EDIT_EVERY)
            done = f" {progress_bar(self._received / self._size)}" if self._size else ""
            with suppress(discord.HTTPException):
                await self._interaction.edit_original_response(
                    content=f"Downloading **{as_typed(self._name)}**{done} {self._received / 1000:,.0f} kB"
                )


class InstallButton(PersistentButton, template=r"install:(?P<name>.+)"):
    """Shows what would be installed, and asks."""

    command = "embedding"

    def __init__(self, name: str, label: str | None = None) -> None:
        super().__init__(discord.ui.Button(label=label or f"Install {name}", custom_id=f"install:{name}"))
        self._name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["name"])

    async def press(self, interaction: discord.Interaction) -> None:
        await _installs_of(interaction).ask(interaction, self._name)


class ConfirmButton(PersistentButton, template=r"install-now:(?P<name>.+)"):
    """Installs."""

    command = "embedding"

    def __init__(self, name: str) -> None:
        button = discord.ui.Button(label="Install", style=discord.ButtonStyle.primary, custom_id=f"install-now:{name}")
        super().__init__(button)
        self._name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["name"])

    async def press(self, interaction: discord.Interaction) -> None:
        await _installs_of(interaction).install_here(interaction, self._name)


class Installs(commands.Cog):
    """Installs embeddings for commands and buttons."""

    def __init__(
        self,
        *,
        client: commands.Bot,
        stocks: Stocks,
        installer: Installer,
        permissions: EmbeddingPermissions,
        remedies: Remedies,
    ) -> None:
        self._client = client
        self._stocks = stocks
        self._installer = installer
        self._permissions = permissions
        remedies.offer(NotInstalled, lambda interaction, error: self.button_for(interaction, error.name))

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(InstallButton, ConfirmButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(InstallButton, ConfirmButton)

    def button_for(self, interaction: discord.Interaction, name: str) -> InstallButton | None:
        """The button that installs a curated embedding, if it can be had and this member may."""
        entry = self._stock(interaction).catalog_entry(name)
        if entry is None or not entry.downloads or not self._permissions.may(interaction):
            return None
        return InstallButton(entry.id)

    async def ask(self, interaction: discord.Interaction, name: str) -> None:
        """Show where the embedding comes from, and a button that installs it. Raises: UserError."""
        self._permissions.check(interaction)
        entry = obtainable(self._stock(interaction), name)
        view = discord.ui.View(timeout=None).add_item(ConfirmButton(entry.id))
        await interaction.response.send_message(embed=known_card(entry), view=view, ephemeral=True)

    async def install_here(self, interaction: discord.Interaction, name: str) -> None:
        """Install the embedding and show it in the message that has the button."""
        self._permissions.check(interaction)
        await interaction.response.edit_message(content=f"Downloading **{as_typed(name)}**…", view=None)
        try:
            installed = await self.install_known(interaction, name)
        except UserError as error:
            again = discord.ui.View(timeout=None).add_item(ConfirmButton(name))
            await interaction.edit_original_response(content=as_typed(str(error)), view=again)
            return
        await self.show_installed(interaction, installed)

    async def install_known(self, interaction: discord.Interaction, name: str) -> InstalledEmbedding:
        """Download and install a curated embedding; the interaction's reply shows how far it is. Raises: UserError."""
        actor = self._permissions.check(interaction)
        async with DownloadProgress(interaction, name) as progress:
            return await self._installer.install_known(name, actor, progress)

    async def install_from(self, interaction: discord.Interaction, url: str) -> InstalledEmbedding:
        """The same for a typed address. Raises: UserError."""
        actor = self._permissions.check(interaction)
        async with DownloadProgress(interaction, url.rpartition("/")[2]) as progress:
            return await self._installer.install_from(url, actor, progress)

    async def show_installed(self, interaction: discord.Interaction, embedding: InstalledEmbedding) -> None:
        """Put what was installed into the interaction's reply."""
        card = info_card(embedding, self._stock(interaction).models, is_shared=self._installer.is_shared(embedding))
        use = f"Use it with `/imagine embedding1:{embedding.id}`."
        await interaction.edit_original_response(
            content=f"Installed **{as_typed(embedding.id)}**. {use}", embed=card, view=None
        )

    def _stock(self, interaction: discord.Interaction) -> Stock:
        return self._stocks.of(interaction.guild_id)


def _installs_of(interaction: discord.Interaction) -> Installs:
    assert isinstance(interaction.client, commands.Bot)
    cog = interaction.client.get_cog(Installs.__cog_name__)
    assert isinstance(cog, Installs)
    return cog
