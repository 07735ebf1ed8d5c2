"""The one place where errors become sentences for members.

UserError is shown as it is. Everything else is a bug: logged with an incident id that the member sees. Buttons and modals
come here too, since discord.py tells nobody of their errors.
"""

from __future__ import annotations

import logging
import secrets

import discord
from discord import app_commands

from cogs.interactions import ALREADY_ACKNOWLEDGED, UNREACHED
from services.errors import UserError
from services.queue.generation import NotAcknowledged

log = logging.getLogger(__name__)


class CalmTree(app_commands.CommandTree):
    """A command tree whose errors reach the member as one private sentence."""

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        await answer_error(interaction, error)


async def answer_error(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the member what to do next, privately, whatever was answered before."""
    cause = getattr(error, "original", error)
    if interaction.type is discord.InteractionType.autocomplete:
        log.exception("autocomplete failed", exc_info=cause)
        return
    if isinstance(cause, NotAcknowledged):
        return  # Discord has told the member that nothing came of it
    try:
        await _tell(interaction, sentence_for(cause))
    except (discord.HTTPException, *UNREACHED) as failed:
        log.info("a member could not be told of an error: %s", failed)


def sentence_for(error: BaseException) -> str:
    """The sentence; a bug is logged on the way."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, app_commands.CheckFailure):
        return "That takes a permission you do not have here; ask somebody who manages the server."
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    return f"Something went wrong on my side (incident {incident}). Please try again; if it stays, tell the operator."


async def _tell(interaction: discord.Interaction, sentence: str) -> None:
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(sentence, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
            # By an earlier try, or a "thinking…", whose answer got lost.
            if interaction.type is discord.InteractionType.component:  # whose original is the message with the button
                await interaction.followup.send(sentence, ephemeral=True)
            else:
                await interaction.edit_original_response(content=sentence)
        return
    if interaction.type is not discord.InteractionType.component:
        await interaction.delete_original_response()  # "thinking…" would stay for ever
    await interaction.followup.send(sentence, ephemeral=True)
