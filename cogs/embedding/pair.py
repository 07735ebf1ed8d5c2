"""The same picture without an embedding and with it, on the embedding's card."""

from __future__ import annotations

import io

import discord

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.errors import EngineError, LimitReached
from services.queue.samples import Samples


async def draw_pair(
    card: discord.Embed, embedding: InstalledEmbedding, checkpoint: Checkpoint, member_id: int, samples: Samples
) -> list[discord.File]:
    """Add the pair to the card, and return its file; none where it can't be drawn now."""
    try:
        data = await samples.pair(embedding, checkpoint, member_id)
    except EngineError:
        return []  # the card is worth reading without it
    except LimitReached as error:
        card.set_footer(text=f"A pair of pictures belongs here. {error}")
        return []
    card.set_image(url="attachment://pair.png")
    card.add_field(name="Without and with it", value=f"on {checkpoint.title}, with the same seed", inline=False)
    alt = f"The same request and seed on {checkpoint.title} twice: without {embedding.id}, and with it"
    return [discord.File(io.BytesIO(data), "pair.png", description=alt)]
