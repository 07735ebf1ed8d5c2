"""What members read: the place in line, the progress, and the card under the pictures."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from cogs.answers.buttons import result_view
from cogs.answers.messages import OutgoingFile, OutgoingMessage
from cogs.names import COLOUR
from cogs.text import MAX_ALT_TEXT, MAX_FIELD, as_typed, fit_lines, progress_bar
from services.jobs import Job
from services.parameters import PlanRecord
from services.pictures.uploads import Upload
from services.policy.safety import Shown, withheld_sentence
from services.prompting import CHUNK_TOKENS
from services.samplers import SAMPLERS
from services.text import shorten

#: of a prompt, in characters; escaping its markup at most doubles it, and a card holds 6000 in all
MAX_PROMPT = 1750
MAX_NEGATIVE = 400
_ORDINALS = ("First", "Second", "Third")
CANCELLED = "Cancelled."
#: of a job that repeats another; the second is for comparisons
_AGAIN = ("Reroll of an earlier picture", "Comparison of an earlier picture")


def line_card(place: int, seconds: float) -> str:
    """The place in line: "Third in line, about 20 s"."""
    ordinal = _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"Number {place}"
    return f"⏳ {ordinal} in line, {_about(seconds)}"


def progress_card(step: int, steps: int) -> str:
    """A progress bar."""
    return f"🎨 {progress_bar(step / steps)} step {step} of {steps}"


def failure_card(sentence: str) -> str:
    return f"⚠️ {sentence}"


def result_card(job: Job, model: str, uploads: Sequence[Upload], shown: Shown) -> OutgoingMessage:
    """A job's pictures with what they were made of; `model` is the title members know, `uploads` what is posted."""
    plan = job.parameters
    embed = discord.Embed(description=f"**{as_typed(plan.prompt, MAX_PROMPT)}**", colour=COLOUR)
    embed.add_field(name="Negative", value=_negative(plan), inline=False)
    embed.add_field(name="Model", value=f"{model} · {plan.size}")
    embed.add_field(name="Settings", value=f"CFG {plan.cfg:g} · {plan.steps} steps · {SAMPLERS[plan.sampler]}")
    embed.add_field(name="Seed", value=_seeds(plan))
    embed.add_field(name="Tokens", value=_budget(plan), inline=False)
    add_outcome(embed, job, uploads, shown)
    files = [
        OutgoingFile(
            f"{job.id}-{plan.seed_of(index)}{upload.suffix}",
            upload.data,
            _alt_text(plan, model, index),
            is_spoiler=index in shown.spoilers,
        )
        for index, upload in zip(shown.posted, uploads, strict=True)
    ]
    return OutgoingMessage(embed=embed, files=files, view=result_view(job.id, can_compare=bool(plan.embeddings)))


def add_outcome(embed: discord.Embed, job: Job, uploads: Sequence[Upload], shown: Shown) -> None:
    """Add what was withheld, the hints, how long it took, and how it was sent."""
    if withheld := shown.withheld_of(job.parameters.count):
        embed.add_field(name="Withheld", value=f"{withheld_sentence(withheld)} Reroll draws others.", inline=False)
    if job.hints:
        hints = fit_lines((f"💡 {as_typed(hint)}" for hint in job.hints), MAX_FIELD)
        embed.add_field(name="Hints", value=hints, inline=False)
    again = "" if job.parent_id is None else f"{_AGAIN[job.parameters.comparison is not None]} · "
    notes = "".join(f" · sent {note}" for note in sorted({upload.note for upload in uploads if upload.note}))
    embed.set_footer(text=f"{again}{job.seconds or 0:.1f} s{notes}")


def _alt_text(plan: PlanRecord, model: str, index: int) -> str:
    """Screen readers read it aloud as it is; Discord knows no markup there."""
    avoided = ", ".join(embedding.label for embedding in plan.embeddings)
    rest = f"; drawn by {model}, seed {plan.seed_of(index)}" + (f", avoiding {avoided}" if avoided else "")
    return shorten(shorten(plan.prompt, max(1, MAX_ALT_TEXT - len(rest))) + rest, MAX_ALT_TEXT)


def _negative(plan: PlanRecord) -> str:
    labels = " + ".join(f"`{embedding.label}`" for embedding in plan.embeddings)
    room = (MAX_FIELD - len(labels) - 3) // 2
    words = as_typed(plan.negative, min(MAX_NEGATIVE, room))
    return " + ".join(filter(None, (labels, words))) or "none"


def _seeds(plan: PlanRecord) -> str:
    return str(plan.seed) if plan.count == 1 else f"{plan.seed} to {plan.seed_of(plan.count - 1)}"


def _budget(plan: PlanRecord) -> str:
    """ "prompt 7 · negative 8 + 6 + 31 = 45 of 75", embeddings first."""
    limit = CHUNK_TOKENS * plan.chunks
    vectors = [embedding.num_tokens for embedding in plan.embeddings]
    parts = [*vectors, plan.negative_tokens - sum(vectors)] if plan.negative else vectors
    terms = " + ".join(str(part) for part in parts)
    negative = f"{terms} = {plan.negative_tokens}" if len(parts) > 1 else str(plan.negative_tokens)
    chunks = f" ({plan.chunks} chunks)" if plan.chunks > 1 else ""
    return f"prompt {plan.prompt_tokens} · negative {negative} of {limit}{chunks}"


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"
