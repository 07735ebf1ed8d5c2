"""From a picture's text to a request that draws it again here. Whatever can't be used becomes a note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from embeddings.library import InstalledEmbedding
from embeddings.names import name_key
from embeddings.overlay import ReadableLibrary
from services.checkpoints import Checkpoint
from services.choices import MAX_STRENGTH, NO_EMBEDDING, EmbeddingChoice
from services.errors import UserError
from services.infotext.hashes import FoundEmbedding, look_up
from services.infotext.reader import Infotext
from services.infotext.writer import PROGRAM
from services.parameters import MAX_SEED
from services.planning.fit import Fit, fit_of
from services.planning.limits import MAX_CFG
from services.planning.naming import is_unmistakable
from services.planning.sizes import parse_size
from services.prompting.mentions import Mention, take_leading, take_mentions
from services.requests import GenerationRequest
from services.samplers import parse_sampler
from services.stock import EmbeddingLimits
from services.text import join_some, shorten

Number = TypeVar("Number", int, float)

_LORA = re.compile(r"<(?:lora|lyco|hypernet):[^<>\n]{1,200}>", re.IGNORECASE)
#: pairs that are used here, or that don't change how the picture looks
_READ = {
    "steps",
    "sampler",
    "schedule type",
    "cfg scale",
    "seed",
    "variation seed",
    "variation seed strength",
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
    """The request, and what of the picture is missing from it."""

    request: GenerationRequest = field(default_factory=GenerationRequest)
    notes: list[str] = field(default_factory=list)


def find_embeddings(infotext: Infotext, library: ReadableLibrary) -> list[FoundEmbedding]:
    """All embeddings that the text names: by their hashes, and by name those in the negative prompt."""
    found = [look_up(name, digits, library) for name, digits in infotext.hashes.items()]
    if infotext.version == PROGRAM:
        return found  # our own pictures list them all
    known = {name_key(embedding.name) for embedding in found}

    def is_new(name: str, is_alone: bool) -> bool:
        is_known = (library.find(name) or library.catalog.find(name)) is not None
        stands_out = is_alone or is_unmistakable(name, library)
        return is_known and stands_out and name_key(name) not in known and not any(map(str.isspace, name))

    mentions, _ = take_mentions(infotext.negative, is_new)
    new = {name_key(mention.name): mention.name for mention in mentions}
    return [*found, *(look_up(name, "", library) for name in new.values())]


def recreate(
    infotext: Infotext,
    embeddings: Sequence[FoundEmbedding],
    *,
    model: Checkpoint | None,
    drawn_by: Checkpoint | None,
    limits: EmbeddingLimits,
) -> Recreation:
    """The request for a picture by `model`, if that is installed, or else for one that `drawn_by` will draw."""
    made = Recreation()
    mentions, negative = _mentions(infotext, embeddings)
    choices = _Choices(drawn_by, limits, made.notes).usable(infotext, embeddings, mentions)
    prompt, negative = _without_loras((infotext.prompt, negative), infotext.loras, made.notes)
    made.request = GenerationRequest(
        prompt=prompt,
        negative=negative,
        model=model.id if model else None,
        embeddings=choices or None,
        cfg=_within(infotext.cfg, 0, MAX_CFG, "CFG", made.notes),
        steps=_within(infotext.steps, 1, drawn_by.max_steps if drawn_by else None, "step count", made.notes),
        size=_size(infotext.size, drawn_by, made.notes),
        seed=_within(infotext.seed, 0, MAX_SEED, "seed", made.notes),
        variation_seed=_within(infotext.variation_seed, 0, MAX_SEED, "variation seed", made.notes),
        variation_strength=_within(infotext.variation_strength, 0, 1, "variation strength", made.notes),
        count=1,
        sampler=_sampler(infotext, made.notes),
    )
    made.notes += _remaining_notes(infotext, drawn_by)
    return made


def _mentions(infotext: Infotext, embeddings: Sequence[FoundEmbedding]) -> tuple[list[Mention], str]:
    if infotext.version == PROGRAM and (ours := take_leading(infotext.negative, infotext.hashes)) is not None:
        return ours
    wanted = {name_key(embedding.name) for embedding in embeddings}
    return take_mentions(infotext.negative, lambda name, _: name_key(name) in wanted)


class _Choices:
    """Chooses the embeddings that can be used, with a note for each that can't."""

    def __init__(self, checkpoint: Checkpoint | None, limits: EmbeddingLimits, notes: list[str]) -> None:
        self._checkpoint = checkpoint
        self._limits = limits
        self._notes = notes
        #: by content hash
        self._chosen: dict[str, EmbeddingChoice] = {}

    def usable(
        self, infotext: Infotext, embeddings: Sequence[FoundEmbedding], mentions: Sequence[Mention]
    ) -> tuple[EmbeddingChoice, ...]:
        """The choices as /imagine takes them, in the order of the prompt."""
        by_name = {name_key(found.name): found for found in embeddings}
        for mention in mentions:
            self._add(by_name[name_key(mention.name)], mention.weight)
        mentioned = {name_key(mention.name) for mention in mentions}
        self._notes += [
            _not_mentioned(found, infotext) for found in embeddings if name_key(found.name) not in mentioned
        ]
        if self._chosen:
            return tuple(self._chosen.values())
        if self._limits.minimum == 0:
            return (EmbeddingChoice(NO_EMBEDDING),)
        self._notes.append("Every picture here needs a negative embedding, so choose one or get the recommended one.")
        return ()

    def _add(self, found: FoundEmbedding, weight: float) -> None:
        installed, checkpoint = found.installed, self._checkpoint
        if installed is not None and installed.content_hash in self._chosen:
            self._notes.append(f"{found.id} is in the negative prompt more than once; here it's used once.")
        elif installed is None or (checkpoint is not None and fit_of(installed, checkpoint) is Fit.WRONG_ARCHITECTURE):
            self._notes.append(_left_out(found, checkpoint))
        elif len(self._chosen) == self._limits.maximum:
            self._notes.append(f"{found.id} is left out: a picture here can use {self._limits.maximum} embeddings.")
        else:
            self._chosen[installed.content_hash] = self._with_strength(installed, weight)
            if found.is_other_file:
                self._notes.append(
                    f"The {found.id} installed here is a different file, so the picture may differ a little."
                )

    def _with_strength(self, installed: InstalledEmbedding, weight: float) -> EmbeddingChoice:
        strength = min(weight, MAX_STRENGTH)
        if strength != weight:
            self._notes.append(f"{installed.id} was used at {weight:g}; the maximum here is {MAX_STRENGTH:g}.")
        # without a number the catalog's strength would be used, and the picture used 1
        is_plain = strength == installed.strength == 1
        return EmbeddingChoice(installed.id, None if is_plain else float(f"{strength:g}"))


def _left_out(found: FoundEmbedding, checkpoint: Checkpoint | None) -> str:
    if found.installed is not None and checkpoint is not None:
        made_for = found.installed.architecture.facts.title
        return f"{found.id} is left out: it was trained for {made_for} and can't work with {checkpoint.title}."
    if found.entry is not None:
        page = f"; its page is {found.entry.source}" if found.entry.source else ""
        return f"{found.id} is left out because it isn't installed here{page}"
    return f"{found.name} is left out because its file isn't known here."


def _not_mentioned(found: FoundEmbedding, infotext: Infotext) -> str:
    name = re.compile(rf"(?<![\w-]){re.escape(found.name)}(?![\w-])", re.IGNORECASE)
    if name.search(infotext.negative):
        remedy = "; choose it yourself" if found.installed else ""
        return f"{found.name} is among other words of the negative prompt, where it stays text{remedy}."
    if name.search(infotext.prompt):
        return (
            f"{found.name} was used in the prompt; embeddings only work in the negative prompt here, so it stays text."
        )
    if not found.digits:
        return f"{found.name} is listed as an embedding, but neither prompt has that name, so it's left out."
    return f"{found.name} is listed with a hash but used in neither prompt, so it's left out."


def _without_loras(texts: Sequence[str], listed: Iterable[str], notes: list[str]) -> list[str]:
    """The texts without tags of LoRAs, with a note of these and of those that only the settings name."""
    tags = [tag for text in texts for tag in _LORA.findall(text)]
    in_tags = {name_key(tag.split(":")[1].rstrip(">")) for tag in tags}
    loras = [*tags, *(name for name in listed if name_key(name) not in in_tags)]
    if loras:
        notes.append(f"LoRAs can't be used here, so these are left out: {join_some(loras, 200)}.")
    return [_LORA.sub("", text).strip().strip(",").strip() if _LORA.search(text) else text for text in texts]


def _within(value: Number | None, low: Number, high: Number | None, name: str, notes: list[str]) -> Number | None:
    if value is None or (value >= low and (high is None or value <= high)):
        return value
    notes.append(f"Its {name}, {value}, is left out; here it can be {low} to {high}.")
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
    sampler = parse_sampler(infotext.sampler, infotext.schedule)
    if sampler is None:
        named = " ".join(filter(None, (infotext.sampler, infotext.schedule)))
        notes.append(f"Its sampler, {shorten(named, 80)}, isn't available here; the model's default is used.")
    return sampler


def _remaining_notes(infotext: Infotext, checkpoint: Checkpoint | None) -> list[str]:
    notes: list[str] = []
    skipped = infotext.clip_skip or 1
    if checkpoint is not None and skipped != checkpoint.clip_skip:
        notes.append(f"It was made with clip skip {skipped}; {checkpoint.title} uses {checkpoint.clip_skip} here.")
    others = [*(key for key in infotext.keys if key.casefold() not in _READ), *infotext.others]
    if others:
        notes.append(f"Not used here: {join_some(others, 300)}.")
    if infotext.rest:
        notes.append(f"Left out, because it follows the settings: {shorten(infotext.rest, 100)}")
    return notes
