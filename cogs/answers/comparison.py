"""The card under a comparison: what to look at, and a button for each column."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from cogs.answers.cards import add_outcome
from cogs.answers.messages import OutgoingFile, OutgoingMessage
from cogs.answers.reading import alt_text, cfg_of, comparison_of, describe, seeds_of
from cogs.answers.voting import comparison_view
from cogs.names import COLOUR
from cogs.text import as_typed
from services.jobs import Job
from services.pictures.uploads import Upload
from services.policy.safety import Shown
from services.samplers import SAMPLERS

#: of the words beside the embeddings, in characters
_MAX_NEGATIVE = 200


def comparison_card(job: Job, model: str, uploads: Sequence[Upload], shown: Shown) -> OutgoingMessage:
    """A comparison's sheet with what its columns are; `model` is the title members know."""
    plan = job.parameters
    embed = discord.Embed(description=describe(plan), colour=COLOUR)
    embed.add_field(name="Model", value=f"{model} · {plan.size}")
    embed.add_field(name="Settings", value=f"CFG {cfg_of(plan)} · {plan.steps} steps · {SAMPLERS[plan.sampler]}")
    embed.add_field(name="Seed", value=seeds_of(plan))
    if plan.negative:
        embed.add_field(name="Every cell also avoids", value=as_typed(plan.negative, _MAX_NEGATIVE), inline=False)
    add_outcome(embed, job, uploads, shown)
    (upload,) = uploads
    name = f"{job.id}-{plan.seed}-comparison{upload.suffix}"
    file = OutgoingFile(name, upload.data, alt_text(plan, model, shown), is_spoiler=bool(shown.spoilers))
    return OutgoingMessage(embed=embed, files=[file], view=comparison_view(job.id, comparison_of(plan), {}))
