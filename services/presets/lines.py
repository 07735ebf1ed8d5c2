"""Settings of a preset as people write them: one line of numbers and names in a form, lists in an option."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from services.errors import UnknownName, UserError
from services.matching import closest
from services.requests import GenerationRequest
from services.suggestions.autocomplete import MAX_CHOICES, Suggestion

#: what a preset can set, in the order in which people read it
FIELDS = ("model", "embeddings", "negative", "prompt", "cfg", "steps", "size", "sampler", "count")
#: what can be fixed; the prompt is everyone's own
LOCKABLE = tuple(field for field in FIELDS if field != "prompt")
#: what stands in the form's line of settings
IN_LINE = ("model", "cfg", "steps", "size", "sampler", "count")
#: said instead of a list that is empty
NOTHING = {"none", "-"}

_EMBEDDINGS = re.compile(r"embeddings?[123]?")
_SPLIT = re.compile(r"[,;\n]")
_LONGEST_NUMBER = 20  # characters


def settings_line(request: GenerationRequest) -> str:
    """`model: demo, cfg: 6, steps: 20`, and only what is set."""
    table = request.as_json()
    return ", ".join(f"{field}: {number_text(table[field])}" for field in IN_LINE if field in table)


def number_text(value: Any) -> str:
    """A value as one would type it: 6 and not 6.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def read_settings(line: str) -> dict[str, Any]:
    """The settings of a form's line; a name without a value sets nothing.

    Raises: UserError.
    """
    settings: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in _SPLIT.split(line))):
        name, colon, value = (piece.strip() for piece in re.sub("=", ":", part, count=1).partition(":"))
        if not colon:
            raise UserError(f"'{part[:40]}' is no setting: write each as a name and a value, like cfg: 6, size: 64x64")
        field = name.casefold()
        if field not in IN_LINE:
            raise UnknownName(f"There is no setting '{name[:40]}' in this line; there are: {', '.join(IN_LINE)}.")
        if field in settings:
            raise UserError(f"{field} stands twice in the line of settings: leave one of them out.")
        if value:
            settings[field] = _value(field, value)
    return settings


def read_embeddings(text: str) -> tuple[str, ...] | None:
    """The names in `EasyNegative:0.8, BadDream`, or None where there are none."""
    return tuple(filter(None, (part.strip() for part in _SPLIT.split(text)))) or None


def read_fields(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The settings that a list names, each once, in the order of `known`; "none" names none.

    Raises: UnknownName.
    """
    named: set[str] = set()
    for part in filter(None, (part.strip().casefold() for part in _SPLIT.split(text))):
        field = "embeddings" if _EMBEDDINGS.fullmatch(part) else part
        if field not in known and field not in NOTHING:
            raise UnknownName(f"'{part[:40]}' is not among the settings that can stand here: {', '.join(known)}.")
        named.add(field)
    return tuple(field for field in known if field in named)


def complete_fields(typed: str, known: Collection[str]) -> list[Suggestion]:
    """What may be the last name of a list that is being typed; those before it stay."""
    before, _, last = typed.rpartition(",")
    kept = [part for part in (part.strip().casefold() for part in before.split(",")) if part in known]
    left = [field for field in known if field not in kept]
    lists = [", ".join((*kept, field)) for field in closest(last.strip(), left, limit=MAX_CHOICES)]
    return [Suggestion(one, one) for one in lists]


def _value(field: str, value: str) -> Any:
    if field not in ("cfg", "steps", "count"):
        return value
    try:
        if len(value) > _LONGEST_NUMBER:
            raise ValueError
        return float(value) if field == "cfg" else int(value)
    except ValueError:
        kind = "a number" if field == "cfg" else "a whole number"
        raise UserError(f"{field} takes {kind}, and '{value[:40]}' is none: write it like {field}: 6") from None
