"""What a member reads: the place in line, the progress, and the card under the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from cogs.answers.buttons import result_view
from cogs.names import COLOUR
from services.jobs import Job
from services.parameters import PlanRecord
from services.pictures.uploads import Upload
from services.prompting import CHUNK_TOKENS
from services.samplers import SAMPLERS

MAX_ALT_TEXT = 1024
MAX_FIELD = 1000
MAX_DESCRIPTION = 2000
_BAR = 16  # characters
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class ResultCard:
    """A finished message; files are (name, bytes, alt text)."""

    content: str
    embed: discord.Embed
    files: Sequence[tuple[str, bytes, str]]
    view: discord.ui.View


def line_card(place: int, seconds: float) -> str:
    """Where a request stands: "third in line, about 20 s"."""
    ordinal = _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"number {place}"
    return f"⏳ {ordinal.capitalize()} in line, {_about(seconds)}"


def progress_card(step: int, steps: int) -> str:
    """A bar that fills up."""
    done = round(_BAR * step / steps)
    return f"🎨 `{'█' * done}{'░' * (_BAR - done)}` step {step} of {steps}"


def failure_card(sentence: str) -> str:
    return f"⚠️ {sentence}"


def cancelled_card() -> str:
    return "Cancelled."


def result_card(job: Job, model: str, uploads: Sequence[Upload]) -> ResultCard:
    """The card of a job whose pictures are there; `model` is what members read."""
    plan = job.parameters
    embed = discord.Embed(description=_cut(f"**{plan.prompt}**", MAX_DESCRIPTION), colour=COLOUR)
    embed.add_field(name="Negative", value=_cut(_negative(plan), MAX_FIELD), inline=False)
    embed.add_field(name="Model", value=f"{model} · {plan.size}")
    embed.add_field(name="Settings", value=f"CFG {plan.cfg:g} · {plan.steps} steps · {SAMPLERS[plan.sampler]}")
    embed.add_field(name="Seed", value=_seeds(plan))
    embed.add_field(name="Tokens", value=_budget(plan), inline=False)
    if job.hints:
        embed.add_field(name="Hints", value="\n".join(f"💡 {hint}" for hint in job.hints), inline=False)
    again = "Reroll of an earlier picture · " if job.parent_id is not None else ""
    notes = "".join(f" · sent {note}" for note in sorted({upload.note for upload in uploads if upload.note}))
    embed.set_footer(text=f"{again}{job.seconds or 0:.1f} s{notes}")
    named = [
        (f"{job.id}-{plan.seed + number}{upload.suffix}", upload.data, _alt_text(plan, model, number))
        for number, upload in enumerate(uploads)
    ]
    return ResultCard("", embed, named, result_view(job.id))


def _alt_text(plan: PlanRecord, model: str, number: int) -> str:
    avoided = ", ".join(placed.label for placed in plan.embeddings)
    return _cut(f"{plan.prompt}; drawn by {model}, seed {plan.seed + number}, avoiding {avoided}", MAX_ALT_TEXT)


def _negative(plan: PlanRecord) -> str:
    labels = [f"`{placed.label}`" for placed in plan.embeddings]
    return " + ".join([*labels, *([plan.negative] if plan.negative else [])]) or "none"


def _seeds(plan: PlanRecord) -> str:
    return str(plan.seed) if plan.count == 1 else f"{plan.seed} to {plan.seed + plan.count - 1}"


def _budget(plan: PlanRecord) -> str:
    """ "prompt 7 of 75 · negative 8 + 6 + 31 = 45 of 75", embeddings first."""
    limit = CHUNK_TOKENS * plan.chunks
    vectors = [placed.num_vectors for placed in plan.embeddings]
    parts = [*vectors, plan.negative_tokens - sum(vectors)] if plan.negative else vectors
    terms = " + ".join(str(part) for part in parts)
    negative = f"{terms} = {plan.negative_tokens}" if len(parts) > 1 else str(plan.negative_tokens)
    chunks = f" ({plan.chunks} chunks)" if plan.chunks > 1 else ""
    return f"prompt {plan.prompt_tokens} · negative {negative} of {limit}{chunks}"


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


def _cut(text: str, limit: int) -> str:
    """Only what is shown is cut; what is drawn never is."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
