"""What a picture's metadata says, as a card. The card carries the whole text, so that its button needs nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

import discord

from cogs.names import COLOUR
from cogs.text import as_typed, fit_lines
from services.errors import UserError
from services.infotext.identifier import Identified
from services.text import plural, shorten

#: a card holds 6000 characters in all, of which the three fields take at most half
MAX_BLOCK = 2800
MAX_FIELD = 1000
TEXT_FILE = "parameters.txt"
_FENCE = "```"
_BLOCK = re.compile(rf"{_FENCE}\n(.*)\n{_FENCE}", re.DOTALL)


def identify_card(text: str, found: Identified, num_others: int) -> tuple[discord.Embed, list[discord.File]]:
    """The card and, where the text is too long for it, a file with the text."""
    fits = len(text) <= MAX_BLOCK and _FENCE not in text
    embed = discord.Embed(title="What this picture's metadata says", colour=COLOUR)
    start = shorten(text.replace(_FENCE, "'''"), MAX_BLOCK)
    embed.description = _block(text) if fits else f"{_block(start)}\nThe whole text is in {TEXT_FILE}."
    embeddings = _lines(embedding.sentence for embedding in found.embeddings)
    embed.add_field(name="Embeddings", value=embeddings or "none named", inline=False)
    embed.add_field(name="Model", value=_lines([found.model.sentence]), inline=False)
    if found.notes:
        embed.add_field(name="Here", value=_lines(found.notes), inline=False)
    if num_others:
        embed.set_footer(
            text=f"That message has {plural(num_others, 'more picture')}; save one and give it to /identify."
        )
    file = discord.File(io.BytesIO(text.encode("utf-8")), TEXT_FILE)
    return embed, [] if fits else [file]


async def text_of(message: discord.Message) -> str:
    """The whole text that a card was made from.

    Raises: UserError, if the message is no longer such a card; discord.HTTPException.
    """
    for file in message.attachments:
        if file.filename == TEXT_FILE:
            return (await file.read()).decode("utf-8")
    for embed in message.embeds:
        if (text := text_in(embed.description or "")) is not None:
            return text
    raise UserError("That card's text is gone; use /identify again.")


def text_in(description: str) -> str | None:
    """The text, if a card's description is nothing else."""
    match = _BLOCK.fullmatch(description)
    return match[1] if match else None


def _block(text: str) -> str:
    return f"{_FENCE}\n{text}\n{_FENCE}"


def _lines(sentences: Iterable[str]) -> str:
    return fit_lines(map(as_typed, sentences), MAX_FIELD)
