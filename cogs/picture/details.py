"""Everything about a picture that its card doesn't say."""

from __future__ import annotations

from collections.abc import Iterator

import discord

from cogs.answers.cards import budget
from cogs.names import COLOUR
from cogs.text import MAX_FIELD, as_typed, fit_lines
from services.jobs import Job
from services.parameters import PlanRecord
from services.samplers import SAMPLERS
from services.text import and_list, plural, shorten

#: of the text that other programs read, in characters; an embed's description holds 4096
_MAX_TEXT = 3000
_FENCE = "```"


def details_card(job: Job, model: str, text: str) -> discord.Embed:
    """`model` is the title that members know, `text` what the first picture's file says about itself."""
    plan = job.parameters
    block = shorten(text.replace(_FENCE, "'''"), _MAX_TEXT)
    card = discord.Embed(title="Details", description=f"{_FENCE}\n{block}\n{_FENCE}", colour=COLOUR)
    card.add_field(name="Model", value=f"{as_typed(model)} · {plan.size}")
    card.add_field(name="Settings", value=f"CFG {_cfg(plan)} · {plan.steps} steps · {SAMPLERS[plan.sampler]}")
    card.add_field(name="Tokens", value=budget(plan), inline=False)
    if plan.embeddings:
        card.add_field(name="Embeddings", value=fit_lines(_embeddings(plan), MAX_FIELD), inline=False)
    if plan.presets:
        locks = f"; they lock {and_list(plan.locked)}" if plan.locked else ""
        card.add_field(name="Presets", value=as_typed(f"{and_list(plan.presets)}{locks}"), inline=False)
    if job.hints:
        hints = fit_lines((f"💡 {as_typed(hint.text)}" for hint in job.hints), MAX_FIELD)
        card.add_field(name="Hints", value=hints, inline=False)
    if job.finished_at is not None and job.seconds is not None:
        waited = max(0.0, (job.finished_at - job.asked_at).total_seconds() - job.seconds)
        card.set_footer(text=f"Drawn in {job.seconds:.1f} s after {waited:.0f} s in line")
    return card


def _embeddings(plan: PlanRecord) -> Iterator[str]:
    for placed in plan.embeddings:
        extent = plural(placed.num_vectors, "vector")
        yield f"`{placed.label}` · {extent} · file {placed.file_hash[:10]}"


def _cfg(plan: PlanRecord) -> str:
    values = [plan.cfg] if plan.comparison is None else dict.fromkeys(row.cfg for row in plan.comparison.rows)
    return " / ".join(f"{value:g}" for value in values)
