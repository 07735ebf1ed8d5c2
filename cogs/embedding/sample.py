"""The same pictures without an embedding and with it, on a card."""

from __future__ import annotations

import io

import discord

from cogs.text import MAX_ALT_TEXT
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.errors import EngineError, LimitReached
from services.queue.samples import Samples, sample_plan
from services.text import shorten


async def add_sample(
    card: discord.Embed, embedding: InstalledEmbedding, checkpoint: Checkpoint, member_id: int, samples: Samples
) -> list[discord.File]:
    """Add the pictures to the card, and return their file; none where it can't be drawn now."""
    try:
        data = await samples.sheet(embedding, checkpoint, member_id)
    except EngineError:
        return []  # the card is worth reading without it
    except LimitReached as error:
        card.set_footer(text=f"Pictures without it and with it belong here. {error}")
        return []
    plan = sample_plan(embedding, checkpoint)
    seeds = f"seeds {plan.seed} to {plan.seed_of(plan.count - 1)}"
    text = f"{plan.prompt}, on {checkpoint.title} at CFG {plan.cfg:g}, {seeds}. No embedding helps with every seed."
    card.set_image(url="attachment://sample.png")
    card.add_field(name="Without and with it", value=text, inline=False)
    alt = f"{plan.prompt}, drawn by {checkpoint.title} for {seeds}, a row each: without {embedding.id}, and with it"
    return [discord.File(io.BytesIO(data), "sample.png", description=shorten(alt, MAX_ALT_TEXT))]
