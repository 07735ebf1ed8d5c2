"""Read A1111's "parameters" text, whatever program wrote it. A missing or senseless value is None; nothing raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.infotext.resources import read_hash, read_resources
from services.infotext.sections import Sections, split_sections
from services.prompting.numbers import parse_float, parse_int

_SIZE = re.compile(r"(\d{1,5})\s*[x×]\s*(\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Infotext:
    """What a picture's text says, as it is written there."""

    prompt: str
    negative: str
    steps: int | None = None
    sampler: str | None = None
    #: newer versions of A1111 write "Karras" here, older ones at the end of the sampler's name
    schedule: str | None = None
    cfg: float | None = None
    seed: int | None = None
    variation_seed: int | None = None
    variation_strength: float | None = None
    size: str | None = None
    model: str | None = None
    model_hash: str | None = None
    clip_skip: int | None = None
    version: str | None = None
    #: embedding name → first digits of its file's SHA-256, in lower case; empty where none could be read
    hashes: Mapping[str, str] = field(default_factory=dict)
    #: names of those that the settings list, which the prompt may name too
    loras: tuple[str, ...] = ()
    #: the keys of all pairs, as written
    keys: tuple[str, ...] = ()
    #: resources of other kinds
    others: tuple[str, ...] = ()
    #: what follows the settings without being any
    rest: str = ""


def read_infotext(text: str) -> Infotext | None:
    """What the text says, or None if it isn't in A1111's format."""
    sections = split_sections(text)
    return None if sections is None else _infotext(sections)


def size(written: str | None) -> str | None:
    """As "512x768"."""
    match = _SIZE.fullmatch(written or "")
    return f"{int(match[1])}x{int(match[2])}" if match else None


def _infotext(sections: Sections) -> Infotext:
    known = {key.casefold(): value for key, value in sections.settings.items()}
    resources = read_resources(known)
    return Infotext(
        prompt=sections.prompt,
        negative=sections.negative,
        steps=parse_int(known.get("steps")),
        sampler=known.get("sampler"),
        schedule=known.get("schedule type"),
        cfg=parse_float(known.get("cfg scale")),
        seed=parse_int(known.get("seed")),
        variation_seed=parse_int(known.get("variation seed")),
        variation_strength=parse_float(known.get("variation seed strength")),
        size=size(known.get("size")),
        model=known.get("model") or resources.model,
        model_hash=read_hash(known.get("model hash", "")) or resources.model_hash,
        clip_skip=parse_int(known.get("clip skip")),
        version=known.get("version"),
        hashes=resources.embeddings,
        loras=tuple(resources.loras),
        keys=tuple(sections.settings),
        others=tuple(resources.others),
        rest=sections.rest,
    )
