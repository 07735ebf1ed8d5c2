"""The card under a comparison: what to look at, and a button for each column."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from cogs.answers.cards import add_outcome
from cogs.answers.messages import OutgoingFile, OutgoingMessage
from cogs.answers.reading import alt_text, comparison_of, describe
from cogs.answers.surroundings import Surroundings
from cogs.answers.voting import comparison_view
from cogs.names import COLOUR
from cogs.text import as_typed
from services.jobs import Job
from services.pictures.uploads import Upload
from services.policy.safety import Shown

#: of the words beside the embeddings, in characters
_MAX_NEGATIVE = 200


def comparison_card(job: Job, known: Surroundings, uploads: Sequence[Upload], shown: Shown) -> OutgoingMessage:
    """A comparison's sheet with what its columns are."""
    plan = job.parameters
    embed = discord.Embed(description=describe(plan), colour=COLOUR)
    if plan.negative:
        embed.description = f"{embed.description}\nEvery cell also avoids: {as_typed(plan.negative, _MAX_NEGATIVE)}"
    add_outcome(embed, job, known, uploads, shown)
    (upload,) = uploads
    name = f"{job.id}-{plan.seed}-comparison{upload.suffix}"
    file = OutgoingFile(name, upload.data, alt_text(plan, known.model, shown), is_spoiler=bool(shown.spoilers))
    return OutgoingMessage(embed=embed, files=[file], view=comparison_view(job, comparison_of(plan), {}))
