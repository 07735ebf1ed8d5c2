"""/embedding: what there is, what one of them is for, and – for those who may – installing and removing."""

from __future__ import annotations

import io
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.attachments import fetched
from cogs.choices import as_choices
from cogs.embedding.cards import info_card, list_card
from cogs.embedding.pages import BrowseButton, browse_message
from cogs.permissions import Stewards
from embeddings.library import InstalledEmbedding, Library
from services.checkpoints import Checkpoint, Shelf
from services.errors import EngineError, UserError
from services.library.downloads import Downloads
from services.library.installer import Asker, Installer
from services.library.samples import Samples
from services.matching import closest
from services.planning.fit import fit_of, usable_with
from services.suggestions.autocomplete import MAX_CHOICES, Suggestions
from services.suggestions.browsing import Browsing, Show

#: an embedding's file is smaller than this in every format; what is larger is not even fetched
MAX_UPLOAD_BYTES = 8 * 1024 * 1024


class EmbeddingCommands(commands.GroupCog, name="embedding", description="Negative embeddings"):
    """The library, seen from Discord."""

    def __init__(
        self,
        *,
        client: commands.Bot,
        library: Library,
        shelf: Shelf,
        suggestions: Suggestions,
        browsing: Browsing,
        installer: Installer,
        downloads: Downloads,
        samples: Samples,
        stewards: Stewards,
    ) -> None:
        super().__init__()
        self._client = client
        self._library = library
        self._shelf = shelf
        self._suggestions = suggestions
        self.browsing = browsing
        self._installer = installer
        self._downloads = downloads
        self._samples = samples
        self._stewards = stewards

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(BrowseButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(BrowseButton)

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction, model: str | None = None) -> None:
        """Show the installed negative embeddings, the best first.

        Args:
            model: Only those that work with this model.
        """
        checkpoint = self._shelf.find(model) if model else None
        if checkpoint is not None:
            shown = usable_with(checkpoint, self._library)
        else:
            shown = sorted(self._library, key=lambda one: (one.architecture, one.rank, one.id.casefold()))
        await interaction.response.send_message(embed=list_card(shown, checkpoint), ephemeral=True)

    @app_commands.command()
    async def browse(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        target: app_commands.Range[str, 1, 30] | None = None,
        show: Literal["all", "installed", "not installed"] = "all",
    ) -> None:
        """Leaf through all embeddings, installed or known.

        Args:
            model: Only those that work with this model.
            target: Only those that aim at this, as hands or blur.
            show: All, the installed ones, or those that could be installed.
        """
        embed, view = browse_message(self.browsing, 0, model=model, target=target, show=Show(show))
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command()
    async def info(self, interaction: discord.Interaction, name: str) -> None:
        """Show what an embedding is for, which models it fits, and what it does to a picture.

        Args:
            name: An installed embedding.
        """
        one = self._installer.find(name)
        presets = await self._installer.presets_with(one, interaction.guild_id)
        embed = info_card(one, self._shelf.installed, presets)
        checkpoint = next((model for model in self._shelf.installed if fit_of(one, model).is_usable), None)
        if checkpoint is None:
            await interaction.response.send_message(embed=embed, ephemeral=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(embed=embed, attachments=await self._pair(one, checkpoint, embed))

    @app_commands.command()
    async def install(
        self, interaction: discord.Interaction, file: discord.Attachment | None = None, url: str | None = None
    ) -> None:
        """Install an embedding from a file or an address (needs Manage Server).

        Args:
            file: The embedding's file: safetensors, .pt, .bin or A1111's .png.
            url: Its address on Civitai or Hugging Face.
        """
        self._stewards.check(interaction)
        if (file is None) == (url is None):
            raise UserError("Attach the embedding's file, or give its address in `url`: one of the two.")
        if file is not None and file.size > MAX_UPLOAD_BYTES:
            raise UserError(f"That file has {file.size:,} bytes; an embedding has at most {MAX_UPLOAD_BYTES:,}.")
        await interaction.response.defer(thinking=True, ephemeral=True)
        data, filename = (await fetched(file), file.filename) if file else await self._downloads.fetch(url or "")
        one = await self._installer.install(data, filename, _asker(interaction))
        embed = info_card(one, self._shelf.installed, [])
        await interaction.edit_original_response(content=f"Installed **{one.id}**.", embed=embed)

    @app_commands.command()
    async def remove(self, interaction: discord.Interaction, name: str) -> None:
        """Remove an installed embedding (needs Manage Server).

        Args:
            name: An embedding that was installed here.
        """
        self._stewards.check(interaction)
        one, presets = await self._installer.remove(name, _asker(interaction))
        warning = f" These presets of this server name it and miss it now: {', '.join(presets)}." if presets else ""
        await interaction.response.send_message(f"Removed **{one.id}**.{warning}", ephemeral=True)

    async def _pair(self, one: InstalledEmbedding, checkpoint: Checkpoint, embed: discord.Embed) -> list[discord.File]:
        try:
            data = await self._samples.pair(one, checkpoint)
        except EngineError:
            return []  # the card is worth reading without it
        embed.set_image(url="attachment://pair.png")
        alt = f"Twice the same request and seed on {checkpoint.title}: without {one.id}, and with it"
        embed.add_field(name="Without and with it", value=f"on {checkpoint.title}, the same seed", inline=False)
        return [discord.File(io.BytesIO(data), "pair.png", description=alt)]

    @list_.autocomplete("model")
    @browse.autocomplete("model")
    async def _complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return as_choices(self._suggestions.models(typed))

    @browse.autocomplete("target")
    async def _complete_target(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(closest(typed, self.browsing.targets(), limit=MAX_CHOICES))

    @info.autocomplete("name")
    async def _complete_name(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(closest(typed, [one.id for one in self._library], limit=MAX_CHOICES))

    @remove.autocomplete("name")
    async def _complete_removable(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(closest(typed, self._installer.removable(), limit=MAX_CHOICES))


def _choices(names: list[str]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in names]


def _asker(interaction: discord.Interaction) -> Asker:
    return Asker(interaction.guild_id, interaction.user.id)
