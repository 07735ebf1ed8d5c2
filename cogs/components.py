"""Buttons and forms whose errors reach the member. discord.py would only log them."""

from __future__ import annotations

import logging
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from cogs.errors import answer_error
from cogs.guard import guard_of
from cogs.interactions import ALREADY_ACKNOWLEDGED, UNREACHED
from services.errors import UserError

log = logging.getLogger(__name__)

#: Discord's tokens live as long; a form that is dismissed says nothing, and would stay in memory forever
FORM_TIMEOUT = 15 * 60.0  # seconds


class PersistentButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button with its state in its custom id, so that it survives every restart. Subclasses give their own template."""

    #: whoever may not use this command may not press it either; None if anybody may
    command: str | None = None

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            guard_of(interaction).check_pace(interaction)
            if self.command is not None:
                await guard_of(interaction).check_component(interaction, self.command)
            await self.press(interaction)
        except Exception as error:
            await answer_error(interaction, error)

    async def press(self, interaction: discord.Interaction) -> None:
        """Do what the button is for. May raise anything."""
        raise NotImplementedError


class Form(discord.ui.Modal):
    """A modal that expires. Whoever lost the command that it belongs to since it opened can't send it."""

    command: ClassVar[str]
    _open: ClassVar[WeakValueDictionary[str, Form]] = WeakValueDictionary()

    def __init__(self, **options: Any) -> None:
        super().__init__(timeout=FORM_TIMEOUT, **options)
        self._open[self.custom_id] = self

    async def open(self, interaction: discord.Interaction) -> None:
        """Show the form. It counts as shown as well if Discord's answer is lost.

        Raises: discord.HTTPException, if Discord refuses it.
        """
        # discord.py stores a form after Discord's answer, and ignores one that is sent sooner or whose answer is lost
        interaction._state.store_view(self)  # pyright: ignore[reportPrivateUsage]
        try:
            await interaction.response.send_modal(self)
        except UNREACHED as error:
            log.info("interaction %s: unknown whether its form is open: %s", interaction.id, error)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:  # by an earlier attempt, the response to which was lost
                self.stop()
                raise

    @classmethod
    def is_open(cls, custom_id: str) -> bool:
        """Whether this process made the form and still waits for it."""
        return custom_id in cls._open

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        await guard_of(interaction).check_component(interaction, self.command)
        return True

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        await answer_error(interaction, error)


class ExpiredForms(commands.Cog):
    """Answers forms that were opened before a restart, or too long ago; discord.py ignores them."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        if not Form.is_open(str((interaction.data or {}).get("custom_id", ""))):
            await answer_error(interaction, UserError("That form has expired; please open it again."))
