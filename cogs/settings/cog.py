"""/settings: a panel of settings, the same as a file, and the blocked words."""

from __future__ import annotations

import io
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.attachments import download
from cogs.choices import Choices, name_choices
from cogs.settings.forms import (
    GalleryForm,
    LimitsForm,
    NoticeForm,
    PlacesForm,
    RolesForm,
    SafetyForm,
    SelectionForm,
    SettingsForm,
    StrangersForm,
)
from cogs.settings.panel import Section, SectionButton, panel
from cogs.settings.scope import Scope, Scopes
from cogs.text import MAX_CONTENT, as_typed, fit_lines
from services.errors import UserError
from services.matching import closest
from services.policy.blocklist import Blocklist, split_terms
from services.policy.policy import BlockedTerms, BotPolicy, Policy
from services.stock import Stocks
from services.suggestions.suggestion import MAX_CHOICES
from services.text import and_list, plural

MAX_FILE_BYTES = 512 * 1024
Where = Literal["prompt", "negative"]


@app_commands.default_permissions(manage_guild=True)
class SettingsCommands(commands.GroupCog, name="settings", description="What may be drawn here"):
    """Settings, seen from Discord."""

    blocklist = app_commands.Group(name="blocklist", description="Words that prompts may not contain")

    def __init__(self, *, client: commands.Bot, scopes: Scopes, stocks: Stocks) -> None:
        super().__init__()
        self._client = client
        self._scopes = scopes
        self._stocks = stocks

    async def cog_load(self) -> None:
        self._client.add_dynamic_items(SectionButton)

    async def cog_unload(self) -> None:
        self._client.remove_dynamic_items(SectionButton)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show this server's settings, with buttons that change them (needs Manage Server)."""
        await self._show(interaction, self._scopes.of(interaction))

    async def open(self, interaction: discord.Interaction, section: Section) -> None:
        """Open the form of a section."""
        scope = self._scopes.of(interaction)
        form = self._form(section, scope)
        if form is None:
            raise UserError("Those settings belong elsewhere; /settings show has the ones of this place.")
        await form.open(interaction)

    @app_commands.command()
    async def export(self, interaction: discord.Interaction) -> None:
        """Get these settings as a file for /settings import (needs Manage Server)."""
        data = self._scopes.of(interaction).policy.as_file()
        file = discord.File(io.BytesIO(data), "settings.json")
        await interaction.response.send_message(
            "/settings import puts the file in force, here or in another server.", file=file, ephemeral=True
        )

    @app_commands.command(name="import")
    async def import_(self, interaction: discord.Interaction, file: discord.Attachment) -> None:
        """Replace all settings with those of a file (needs Manage Server).

        Args:
            file: A file made by /settings export.
        """
        scope = self._scopes.of(interaction)
        if file.size > MAX_FILE_BYTES:
            raise UserError(f"That file has {file.size:,} bytes; a file of settings has at most {MAX_FILE_BYTES:,}.")
        await interaction.response.defer(thinking=True, ephemeral=True)
        await scope.replace(await download(file))
        embed, view = panel(scope.policy)
        await interaction.edit_original_response(embed=embed, view=view)

    @blocklist.command()
    async def add(self, interaction: discord.Interaction, words: str, where: Where = "prompt") -> None:
        """Block words and phrases (needs Manage Server).

        Args:
            words: Words or phrases, separated by commas. Whole words are blocked, in any disguise.
            where: Whether they may not be in prompts or in negative prompts.
        """
        terms = split_terms(words)
        if not terms:
            raise UserError("Write the words to block, separated by commas.")
        scope = self._scopes.of(interaction)
        blocked = await scope.change_blocked(lambda old: old.with_terms(where, terms))
        count = plural(len(_terms(blocked, where)), "term")
        sentence = f"Blocked. {_kind(where)} have {count} to avoid now; /settings blocklist test tries a text."
        await interaction.response.send_message(sentence, ephemeral=True)

    @blocklist.command()
    async def remove(self, interaction: discord.Interaction, word: str, where: Where = "prompt") -> None:
        """Allow a blocked word again (needs Manage Server).

        Args:
            word: A blocked word or phrase.
            where: Whether it is blocked in prompts or in negative prompts.
        """
        scope = self._scopes.of(interaction)
        if word not in _terms(scope.policy.blocked, where):
            near = ", ".join(closest(word, _terms(scope.policy.blocked, where), 3))
            raise UserError(f"'{word}' isn't blocked there." + (f" Did you mean {near}?" if near else ""))
        await scope.change_blocked(lambda old: old.without_term(where, word))
        await interaction.response.send_message(f"**{as_typed(word)}** is allowed again.", ephemeral=True)

    @blocklist.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show the blocked words (needs Manage Server)."""
        blocked = self._scopes.of(interaction).policy.blocked
        lines = [
            f"{_kind(where)}: {as_typed(term)}" for where in ("prompt", "negative") for term in _terms(blocked, where)
        ]
        text = fit_lines(lines, MAX_CONTENT - 100, more="; /settings export has all of them")
        await interaction.response.send_message(text or "Nothing is blocked here.", ephemeral=True)

    @blocklist.command()
    async def test(self, interaction: discord.Interaction, text: str, where: Where = "prompt") -> None:
        """Try whether a text would be refused, and why (needs Manage Server).

        Args:
            text: A prompt.
            where: Whether to read it as a prompt or as a negative prompt.
        """
        found = Blocklist(_terms(self._scopes.of(interaction).policy.blocked, where)).find(text)
        if found is None:
            await interaction.response.send_message("Nothing in it is blocked here.", ephemeral=True)
            return
        disguised = f", in spite of {and_list(found.disguises)}" if found.disguises else ""
        sentence = (
            f"It would be refused: **{as_typed(found.text, 100)}** is the term **{as_typed(found.term)}**{disguised}."
        )
        await interaction.response.send_message(sentence, ephemeral=True)

    async def _show(self, interaction: discord.Interaction, scope: Scope) -> None:
        embed, view = panel(scope.policy)
        if interaction.type is discord.InteractionType.modal_submit and interaction.message is not None:
            await interaction.response.edit_message(embed=embed, view=view)
        else:
            await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    def _form(self, section: Section, scope: Scope) -> SettingsForm | None:
        policy, scopes, show = scope.policy, self._scopes, self._show
        match section, policy:
            case Section.PLACES, Policy():
                return PlacesForm(policy, scopes, show)
            case Section.SELECTION, Policy():
                return SelectionForm(policy, self._stocks.of(scope.guild_id), scopes, show)
            case Section.LIMITS, Policy():
                return LimitsForm(policy, scopes, show)
            case Section.GALLERY, Policy():
                return GalleryForm(policy, scopes, show)
            case Section.ROLES, Policy():
                return RolesForm(policy, scopes, show)
            case Section.SAFETY, Policy():
                return SafetyForm(policy, scopes, show)
            case Section.NOTICE, BotPolicy():
                return NoticeForm(policy, scopes, show)
            case Section.STRANGERS, BotPolicy():
                return StrangersForm(policy, scopes, show)
            case _:
                return None

    @remove.autocomplete("word")
    async def _complete_word(self, interaction: discord.Interaction, typed: str) -> Choices:
        where = interaction.namespace.where or "prompt"
        terms = _terms(self._scopes.of(interaction).policy.blocked, where)
        return name_choices(closest(typed, terms, limit=MAX_CHOICES))


def _terms(blocked: BlockedTerms, where: str) -> tuple[str, ...]:
    return blocked.negative if where == "negative" else blocked.prompt


def _kind(where: str) -> str:
    return "Negative prompts" if where == "negative" else "Prompts"
