"""What a picture says of itself, as a card. The card carries the whole text, so that its button needs nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

import discord
from discord.utils import escape_markdown

from cogs.names import COLOUR
from services.errors import UserError
from services.infotext.identifier import Identified

#: characters; a card has 6000 in all, of which the three fields take at most half
MAX_BLOCK = 2800
MAX_FIELD = 1000
TEXT_FILE = "parameters.txt"
_FENCE = "```"
_BLOCK = re.compile(rf"{_FENCE}\n(.*)\n{_FENCE}", re.DOTALL)


def identify_card(text: str, found: Identified, num_others: int) -> tuple[discord.Embed, list[discord.File]]:
    """The card and, where the text is too long for it, a file with the text."""
    fits = len(text) <= MAX_BLOCK and _FENCE not in text
    embed = discord.Embed(title="What that picture says of itself", colour=COLOUR)
    embed.description = _block(text) if fits else f"{_block(_cut(text))}\nAll of it is in {TEXT_FILE}."
    embeddings = (one.sentence for one in found.embeddings)
    embed.add_field(name="Embeddings", value=_lines(embeddings) or "none named", inline=False)
    embed.add_field(name="Model", value=_lines([found.model.sentence]), inline=False)
    if found.notes:
        embed.add_field(name="Here", value=_lines(found.notes), inline=False)
    if num_others:
        others = "is one more picture" if num_others == 1 else f"are {num_others} more pictures"
        embed.set_footer(text=f"There {others} in that message: save one and give it to /identify.")
    file = discord.File(io.BytesIO(text.encode("utf-8")), TEXT_FILE)
    return embed, [] if fits else [file]


async def text_of(message: discord.Message) -> str:
    """The whole text that a card was made of.

    Raises: UserError, if the message is no such card any more; discord.HTTPException.
    """
    for file in message.attachments:
        if file.filename == TEXT_FILE:
            return (await file.read()).decode("utf-8")
    for embed in message.embeds:
        if (text := text_in(embed.description or "")) is not None:
            return text
    raise UserError("The text of that card is gone; use /identify again.")


def text_in(description: str) -> str | None:
    """The text, if a card's description is nothing else."""
    match = _BLOCK.fullmatch(description)
    return match[1] if match else None


def _block(text: str) -> str:
    return f"{_FENCE}\n{text}\n{_FENCE}"


def _cut(text: str) -> str:
    text = text.replace(_FENCE, "'''")
    return text if len(text) <= MAX_BLOCK else text[: MAX_BLOCK - 1] + "…"


def _lines(sentences: Iterable[str]) -> str:
    """As many as a field takes, and how many it does not."""
    lines = [escape_markdown(sentence)[:MAX_FIELD] for sentence in sentences]
    num_shown = next((n for n in range(len(lines), 0, -1) if len("\n".join(lines[:n])) <= MAX_FIELD), 0)
    rest = [f"… and {len(lines) - num_shown} more"] if num_shown < len(lines) else []
    return "\n".join([*lines[:num_shown], *rest])
