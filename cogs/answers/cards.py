"""What members read: the place in line, the progress, and the card under the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import discord

from cogs.answers.buttons import result_view
from cogs.answers.messages import OutgoingFile, OutgoingMessage
from cogs.answers.surroundings import Surroundings
from cogs.names import COLOUR
from cogs.text import MAX_ALT_TEXT, as_typed, progress_bar
from services.jobs import Job
from services.parameters import PlanRecord
from services.pictures.uploads import Upload
from services.policy.safety import Shown, withheld_sentence
from services.prompting import CHUNK_TOKENS
from services.text import and_list, join_some, shorten

#: of a prompt, in characters; escaping its markup at most doubles it, and a card holds 4096 in all
MAX_PROMPT = 800
MAX_NEGATIVE = 250
MAX_HINT = 220
#: of the prompt in the line, and of what a card says is avoided
_EXCERPT, _MAX_AVOIDED = 60, 200
CANCELLED = "Cancelled."
OVERTAKEN = "-# Whoever has had fewer pictures lately goes first."


def line_card(place: int, prompt: str, ready: datetime, *, is_overtaken: bool = False) -> str:
    """The place in line: "#2 · a green house at night · ready in 20 seconds"; Discord's clients count the seconds."""
    card = f"⏳ **#{place}** · {as_typed(prompt, _EXCERPT)} · ready {discord.utils.format_dt(ready, 'R')}"
    return f"{card}\n{OVERTAKEN}" if is_overtaken else card


def progress_card(step: int, steps: int, seconds_left: float | None = None) -> str:
    """A progress bar, and how long the rest takes once that is known."""
    left = "" if seconds_left is None else f" · {_about(seconds_left)} left"
    return f"🎨 {progress_bar(step / steps)} step {step} of {steps}{left}"


def failure_card(sentence: str) -> str:
    return f"⚠️ {sentence}"


def result_card(job: Job, known: Surroundings, uploads: Sequence[Upload], shown: Shown) -> OutgoingMessage:
    """A job's pictures with what they were made of; `uploads` is what is posted."""
    plan = job.parameters
    embed = discord.Embed(colour=COLOUR)
    embed.description = "\n".join([f"**{as_typed(plan.prompt, MAX_PROMPT)}**", *_avoided(plan, known), *_tokens(plan)])
    add_outcome(embed, job, known, uploads, shown)
    files = [
        OutgoingFile(
            f"{job.id}-{_own_seed(plan, index)}{upload.suffix}",
            upload.data,
            _alt_text(plan, known.model, index),
            is_spoiler=index in shown.spoilers,
        )
        for index, upload in zip(shown.posted, uploads, strict=True)
    ]
    return OutgoingMessage(embed=embed, files=files, view=result_view(job))


def add_outcome(embed: discord.Embed, job: Job, known: Surroundings, uploads: Sequence[Upload], shown: Shown) -> None:
    """Add the preset, what was withheld and one hint, and in small what is worth knowing at a glance."""
    plan = job.parameters
    lines = [*_presets(plan)]
    if withheld := shown.withheld_of(plan.count):
        lines.append(f"🛡️ {withheld_sentence(withheld)} Reroll draws others.")
    if job.hints:
        lines.append(f"💡 {as_typed(job.hints[0].text, MAX_HINT)}")
    if known.announcement:
        lines.append(f"📣 {as_typed(known.announcement)}")
    embed.description = "\n".join([embed.description or "", *lines])
    again = [] if job.parent_id is None else [_again(plan)]
    notes = sorted({f"sent {upload.note}" for upload in uploads if upload.note})
    facts = (*again, known.model, plan.size, seeds(plan), f"{job.seconds or 0:.1f} s", *notes)
    embed.set_footer(text=" · ".join(facts))


def budget(plan: PlanRecord) -> str:
    """ "prompt 7 · negative 8 + 6 + 31 = 45 of 75", embeddings first."""
    limit = CHUNK_TOKENS * plan.chunks
    vectors = [embedding.num_tokens for embedding in plan.embeddings]
    parts = [*vectors, plan.negative_tokens - sum(vectors)] if plan.negative else vectors
    terms = " + ".join(str(part) for part in parts)
    negative = f"{terms} = {plan.negative_tokens}" if len(parts) > 1 else str(plan.negative_tokens)
    chunks = f" ({plan.chunks} chunks)" if plan.chunks > 1 else ""
    return f"prompt {plan.prompt_tokens} · negative {negative} of {limit}{chunks}"


def seeds(plan: PlanRecord) -> str:
    """ "seed 7" or "seeds 7 to 9"."""
    every = sorted({plan.seed_of(index) for index in range(plan.count)})
    varied = f", varied by {plan.variation_strength:g}" if plan.variation_strength else ""
    return f"seed {every[0]}{varied}" if len(every) == 1 else f"seeds {every[0]} to {every[-1]}"


def _again(plan: PlanRecord) -> str:
    if plan.comparison is not None:
        return "Comparison of an earlier picture"
    return "Variation" if plan.variation_strength else "Reroll"


def _avoided(plan: PlanRecord, known: Surroundings) -> Iterator[str]:
    labels = " + ".join(f"`{embedding.label}`" for embedding in plan.embeddings)
    words = as_typed(plan.negative, MAX_NEGATIVE)
    if labels:
        targets = as_typed(join_some(known.avoided, _MAX_AVOIDED))
        yield f"Avoids {targets} with {labels}" + (f"; in words: {words}" if words else "")
    elif words:
        yield f"Avoids, in words: {words}"


def _tokens(plan: PlanRecord) -> Iterator[str]:
    if plan.chunks > 1:
        yield f"-# Tokens: {budget(plan)}"


def _presets(plan: PlanRecord) -> Iterator[str]:
    if plan.presets:
        names = and_list(f"**{as_typed(name)}**" for name in plan.presets)
        locks = f", which lock{'s' if len(plan.presets) == 1 else ''} {and_list(plan.locked)}" if plan.locked else ""
        yield f"-# Preset {names}{locks}"


def _alt_text(plan: PlanRecord, model: str, index: int) -> str:
    """Screen readers read it aloud as it is; Discord knows no markup there."""
    avoided = ", ".join(embedding.label for embedding in plan.embeddings)
    varied = f" varied by {plan.variation_strength:g}" if plan.variation_strength else ""
    rest = f"; drawn by {model}, seed {plan.seed_of(index)}{varied}" + (f", avoiding {avoided}" if avoided else "")
    return shorten(shorten(plan.prompt, max(1, MAX_ALT_TEXT - len(rest))) + rest, MAX_ALT_TEXT)


def _own_seed(plan: PlanRecord, index: int) -> int:
    return plan.variation_seed_of(index) if plan.variation_strength else plan.seed_of(index)


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"
