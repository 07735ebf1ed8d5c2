"""The settings that a preset can hold, and lists of them as members type them: `locked:cfg, model`."""

from __future__ import annotations

import re
from collections.abc import Collection

from services.errors import UnknownName
from services.matching import closest
from services.suggestions.suggestion import MAX_CHOICES, Suggestion
from services.text import shorten

#: what a preset can set, in the order in which people read it
FIELDS = ("model", "embeddings", "negative", "prompt", "cfg", "steps", "size", "sampler", "count")
#: what a preset can lock; the prompt is always the member's own
LOCKABLE = tuple(field for field in FIELDS if field != "prompt")
#: what a form shows in its line of settings
IN_LINE = ("model", "cfg", "steps", "size", "sampler", "count")
#: typed for an empty list
_NOTHING = {"none", "-"}

_EMBEDDINGS = re.compile(r"embeddings?[123]?")
_SEPARATOR = re.compile(r"[,;\n]")


def read_fields(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The settings that a list names, each once, in the order of `known`; "none" names none.

    Raises: UnknownName.
    """
    named: set[str] = set()
    for part in filter(None, (part.strip().casefold() for part in _SEPARATOR.split(text))):
        field = "embeddings" if _EMBEDDINGS.fullmatch(part) else part
        if field not in known and field not in _NOTHING:
            raise UnknownName(f"'{shorten(part)}' can't be used here; choose from {', '.join(known)}.")
        named.add(field)
    return tuple(field for field in known if field in named)


def complete_fields(typed: str, known: Collection[str]) -> list[Suggestion]:
    """Suggestions for the last name of a list that is being typed; the names before it are kept."""
    before, _, last = typed.rpartition(",")
    kept = [part for part in (part.strip().casefold() for part in before.split(",")) if part in known]
    left = [field for field in known if field not in kept]
    lists = [", ".join((*kept, field)) for field in closest(last.strip(), left, limit=MAX_CHOICES)]
    return [Suggestion(text, text) for text in lists]
