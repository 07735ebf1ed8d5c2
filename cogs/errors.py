"""The one place where errors become sentences for members.

A UserError is shown as written, since it quotes names that members chose: none of it is markup. Everything else is a bug,
logged with an incident id that the member sees. Errors of buttons and forms come here too.
"""

from __future__ import annotations

import logging

import discord
from discord import app_commands

from cogs.interactions import ALREADY_ACKNOWLEDGED, UNREACHED
from cogs.remedies import remedies_for
from cogs.text import as_typed
from services.errors import UserError
from services.incidents import apology, log_incident
from services.queue.generation import NotAcknowledged

log = logging.getLogger(__name__)


async def answer_error(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the member privately what to do next, whatever has been answered before."""
    cause = getattr(error, "original", error)
    if interaction.type is discord.InteractionType.autocomplete:
        if not isinstance(cause, UserError):
            log.exception("autocomplete failed", exc_info=cause)
        return
    if isinstance(cause, NotAcknowledged):
        return  # Discord has told the member that the interaction failed
    try:
        sentence = sentence_for(cause, f"interaction {interaction.id}")
        await _tell(interaction, sentence, remedies_for(interaction, cause))
    except (discord.HTTPException, *UNREACHED) as failed:
        log.info("a member could not be told about an error: %s", failed)


def sentence_for(error: BaseException, what: str) -> str:
    """The sentence for the member; a bug is logged on the way, with `what` failed."""
    if isinstance(error, UserError):
        return as_typed(str(error))
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return "That command has changed; please close Discord, open it again and try once more."
    return apology(log_incident(error, what))


async def _tell(interaction: discord.Interaction, sentence: str, remedies: discord.ui.View) -> None:
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(sentence, view=remedies, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
            # by an earlier attempt, or by a "thinking…", the response to which was lost
            if interaction.type is discord.InteractionType.component:  # whose original is the message with the button
                await interaction.followup.send(sentence, view=remedies, ephemeral=True)
            else:
                await interaction.edit_original_response(content=sentence, view=remedies)
        return
    if interaction.type is not discord.InteractionType.component:
        await interaction.delete_original_response()  # or "thinking…" would stay forever
    await interaction.followup.send(sentence, view=remedies, ephemeral=True)
