"""From a picture's text to a wish that draws it again here.

Whatever of it cannot be used becomes a sentence; nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key
from services.checkpoints import Checkpoint
from services.errors import UserError
from services.infotext.hashes import FoundEmbedding, look_up
from services.infotext.reader import Infotext
from services.infotext.writer import PROGRAM
from services.parameters import MAX_SEED
from services.planning.fit import Fit, fit_of
from services.planning.limits import MAX_CFG, parse_size
from services.planning.picks import MAX_STRENGTH, EmbeddingLimits
from services.prompting.mentions import Mention, take_leading, take_mentions
from services.requests import GenerationRequest
from services.samplers import sampler_of

Number = TypeVar("Number", int, float)

_LORA = re.compile(r"<(?:lora|lyco|hypernet):[^<>\n]{1,200}>", re.IGNORECASE)
#: what a request says instead of an embedding, where the operator allows that
NO_EMBEDDING = "none"
#: pairs that are used here, or say nothing of how the picture looks
_READ = {
    "steps",
    "sampler",
    "schedule type",
    "cfg scale",
    "seed",
    "size",
    "model",
    "model hash",
    "clip skip",
    "version",
    "ti hashes",
    "hashes",
    "lora hashes",
    "civitai resources",
    "created date",
    "vae hash",
}


@dataclass(slots=True)
class Recreation:
    """The wish, and what of the picture is missing in it."""

    request: GenerationRequest = field(default_factory=GenerationRequest)
    notes: list[str] = field(default_factory=list)


def find_embeddings(infotext: Infotext, library: Library) -> list[FoundEmbedding]:
    """All embeddings that the text names: by their hashes, and by name those that stand in the negative prompt."""
    found = [look_up(name, digits, library) for name, digits in infotext.hashes.items()]
    if infotext.version == PROGRAM:
        return found  # which lists them all
    known = {name_key(one.name) for one in found}

    def is_new(name: str) -> bool:
        is_one = name_key(name) not in known and (library.find(name) or library.catalog.find(name)) is not None
        return is_one and not any(letter.isspace() for letter in name)

    mentions, _ = take_mentions(infotext.negative, is_new)
    new = {name_key(one.name): one.name for one in mentions}
    return [*found, *(look_up(name, "", library) for name in new.values())]


def recreate(
    infotext: Infotext,
    embeddings: Sequence[FoundEmbedding],
    model: Checkpoint | None,
    drawn_by: Checkpoint | None,
    limits: EmbeddingLimits,
) -> Recreation:
    """The wish for a picture of `model`, if that is here, else one that `drawn_by` will draw."""
    made = Recreation()
    mentions, negative = _mentions(infotext, embeddings)
    names = _usable(infotext, embeddings, mentions, drawn_by, limits, made.notes)
    texts = [_without_loras(text, made.notes) for text in (infotext.prompt, negative)]
    made.request = GenerationRequest(
        prompt=texts[0],
        negative=texts[1],
        model=model.id if model else None,
        embeddings=tuple(names) or None,
        cfg=_within(infotext.cfg, 0, MAX_CFG, "CFG", made.notes),
        steps=_within(infotext.steps, 1, drawn_by.max_steps if drawn_by else None, "number of steps", made.notes),
        size=_size(infotext.size, drawn_by, made.notes),
        seed=_within(infotext.seed, 0, MAX_SEED, "seed", made.notes),
        count=1,
        sampler=_sampler(infotext, made.notes),
    )
    made.notes += _of_the_rest(infotext, drawn_by)
    return made


def _mentions(infotext: Infotext, embeddings: Sequence[FoundEmbedding]) -> tuple[list[Mention], str]:
    if infotext.version == PROGRAM and (ours := take_leading(infotext.negative, infotext.hashes)) is not None:
        return ours
    wanted = {name_key(one.name) for one in embeddings}
    return take_mentions(infotext.negative, lambda name: name_key(name) in wanted)


def _usable(
    infotext: Infotext,
    embeddings: Sequence[FoundEmbedding],
    mentions: Sequence[Mention],
    checkpoint: Checkpoint | None,
    limits: EmbeddingLimits,
    notes: list[str],
) -> list[str]:
    """The embeddings as /imagine takes them, in the order of the prompt, and a note for each that is left out."""
    by_name = {name_key(one.name): one for one in embeddings}
    taken: dict[str, str] = {}
    for mention in mentions:
        found = by_name[name_key(mention.name)]
        one = found.installed
        if one is not None and one.content_hash in taken:
            notes.append(f"{found.id} stands more than once in the negative prompt; here it is used once.")
        elif one is None or (checkpoint is not None and fit_of(one, checkpoint) is Fit.WRONG_ARCHITECTURE):
            notes.append(_left_out(found, checkpoint))
        elif len(taken) == limits.maximum:
            notes.append(f"{found.id} is left out, since a picture carries at most {limits.maximum} embeddings here.")
        else:
            taken[one.content_hash] = _with_strength(one, mention.weight, notes)
            if found.is_other_file:
                notes.append(
                    f"The {found.id} of this place is another file of that name; the picture may differ a little."
                )
    mentioned = {name_key(one.name) for one in mentions}
    notes += [_not_mentioned(one, infotext) for one in embeddings if name_key(one.name) not in mentioned]
    if taken or limits.minimum == 0:
        return list(taken.values()) or [NO_EMBEDDING]
    notes.append("Every picture carries a negative embedding here, so choose one, or the one suited best is taken.")
    return []


def _left_out(found: FoundEmbedding, checkpoint: Checkpoint | None) -> str:
    if found.installed is not None and checkpoint is not None:
        made_for = found.installed.architecture.facts.title
        return f"{found.id} is left out: it was trained for {made_for} and cannot work with {checkpoint.title}."
    if found.entry is not None:
        page = f"; its page is {found.entry.source}" if found.entry.source else ""
        return f"{found.id} is left out, since it is not installed here{page}"
    return f"{found.name} is left out, since nobody here knows that file."


def _not_mentioned(found: FoundEmbedding, infotext: Infotext) -> str:
    name = re.compile(rf"(?<![\w-]){re.escape(found.name)}(?![\w-])", re.IGNORECASE)
    if name.search(infotext.negative):
        remedy = "; choose it yourself" if found.installed else ""
        return f"{found.name} stands amid other words of the negative prompt, where it stays as words{remedy}."
    if name.search(infotext.prompt):
        return (
            f"{found.name} was used in the prompt; here embeddings work in the negative prompt alone, so it is words."
        )
    return f"{found.name} is named among the hashes but stands in neither prompt, so it is left out."


def _with_strength(one: InstalledEmbedding, weight: float, notes: list[str]) -> str:
    strength = min(weight, MAX_STRENGTH)
    if strength != weight:
        notes.append(f"{one.id} was used at {weight:g}; here the strongest is {MAX_STRENGTH:g}.")
    # without a number the catalog's strength would be taken, which in the picture was 1
    return one.id if strength == one.strength == 1 else f"{one.id}:{strength:g}"


def _without_loras(text: str, notes: list[str]) -> str:
    if not (loras := _LORA.findall(text)):
        return text
    notes.append(f"{', '.join(loras)[:200]} cannot be used here and is left out.")
    return _LORA.sub("", text).strip().strip(",").strip()


def _within(value: Number | None, low: Number, high: Number | None, name: str, notes: list[str]) -> Number | None:
    if value is None or (value >= low and (high is None or value <= high)):
        return value
    notes.append(f"Its {name}, {value}, is left out: here it goes from {low} to {high}.")
    return None


def _size(written: str | None, checkpoint: Checkpoint | None, notes: list[str]) -> str | None:
    if written is None or checkpoint is None:
        return written
    try:
        parse_size(written, checkpoint)
    except UserError as error:
        notes.append(f"Its size is left out. {error}")
        return None
    return written


def _sampler(infotext: Infotext, notes: list[str]) -> str | None:
    if infotext.sampler is None:
        return None
    sampler = sampler_of(infotext.sampler, infotext.schedule)
    if sampler is None:
        named = " ".join(filter(None, (infotext.sampler, infotext.schedule)))
        notes.append(f"Its sampler, {named[:80]}, is not among those here; the model's own is used.")
    return sampler


def _of_the_rest(infotext: Infotext, checkpoint: Checkpoint | None) -> list[str]:
    notes: list[str] = []
    skipped = infotext.clip_skip or 1
    if checkpoint is not None and skipped != checkpoint.clip_skip:
        notes.append(f"It was made with clip skip {skipped}; {checkpoint.title} uses {checkpoint.clip_skip} here.")
    others = [key for key in infotext.keys if key.casefold() not in _READ]
    if others:
        notes.append(f"Not used here: {', '.join(others)[:300]}.")
    return notes
