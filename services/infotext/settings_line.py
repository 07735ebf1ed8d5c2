"""A request's settings in one line that members can read and change, in A1111's form: "Steps: 20, Sampler: Euler"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from services.errors import UnknownName, UserError
from services.infotext.pairs import pieces
from services.infotext.writer import quoted
from services.prompting.numbers import parse_float, parse_int
from services.requests import GenerationRequest
from services.samplers import SAMPLERS, parse_sampler
from services.text import shorten

_EXAMPLE = "Steps: 20, CFG scale: 6"
#: what members also write between settings and after a name, but not inside of a quoted value
_SEPARATOR = re.compile(r'("(?:\\.|[^"\\])*")|[;\n]')
_EQUALS = re.compile(r'("(?:\\.|[^"\\])*")|(^|,)\s*([A-Za-z][A-Za-z ]{0,20}?)\s*=')
#: what would be taken for a separator in a value
_SPECIAL = ",:;=\n"


class _Setting(NamedTuple):
    label: str
    read: Callable[[str], Any]
    #: what a value must be, with an example
    must_be: str


_SETTINGS = {
    "steps": _Setting("Steps", parse_int, "a whole number, for example {}: 20"),
    "sampler": _Setting("Sampler", str, ""),
    "cfg": _Setting("CFG scale", parse_float, "a number, for example {}: 6"),
    "seed": _Setting("Seed", parse_int, "a whole number, for example {}: 7"),
    "size": _Setting("Size", str, ""),
    "model": _Setting("Model", str, ""),
    "variation_seed": _Setting("Variation seed", parse_int, "a whole number, for example {}: 7"),
    "variation_strength": _Setting("Variation seed strength", parse_float, "a number from 0 to 1, for example {}: 0.2"),
    "count": _Setting("Count", parse_int, "a whole number, for example {}: 2"),
}
#: the settings of a line, by their fields in a request
IN_LINE = tuple(_SETTINGS)
_FIELDS = {setting.label.casefold(): field for field, setting in _SETTINGS.items()} | {"cfg": "cfg"}
_SCHEDULE = "schedule type"


def write_settings_line(request: GenerationRequest, *, model: str | None = None) -> str:
    """Everything that is set but prompts and embeddings; `model` is what members call the request's model."""
    values = {field: getattr(request, field) for field in IN_LINE}
    values["sampler"] = SAMPLERS.get(request.sampler or "", request.sampler)
    for field in ("cfg", "variation_strength"):
        values[field] = None if values[field] is None else f"{values[field]:g}"
    values["model"] = model or request.model
    return ", ".join(
        f"{_SETTINGS[field].label}: {quoted(str(value), _SPECIAL)}"
        for field, value in values.items()
        if value is not None
    )


def read_settings_line(typed: str, fields: Collection[str] = IN_LINE) -> GenerationRequest:
    """The settings of a line, in any case and order; a name without a value sets nothing.

    Raises: UserError, for the first part that isn't understood or isn't among `fields`.
    """
    values: dict[str, Any] = {}
    schedule: str | None = None
    line = _SEPARATOR.sub(lambda match: match[1] or ", ", typed)
    line = _EQUALS.sub(lambda match: match[1] or f"{match[2]} {match[3]}: ", line)
    for key, value in pieces(line):
        if not key and not value:
            continue
        if not key:
            raise UserError(f"'{shorten(value)}' isn't a setting; write each as a name and a value, like {_EXAMPLE}")
        if key.casefold() == _SCHEDULE:
            schedule = value
            continue
        field = _FIELDS.get(key.casefold(), "")
        if field not in fields:
            labels = ", ".join(_SETTINGS[known].label for known in fields)
            raise UnknownName(f"There's no setting '{shorten(key)}' here; you can set {labels}.")
        if field in values:
            raise UserError(f"{key} is listed twice; leave one of them out.")
        if value:
            values[field] = _read(field, key, value)
    if schedule and "sampler" in values:
        values["sampler"] = parse_sampler(values["sampler"], schedule) or f"{values['sampler']} {schedule}"
    return GenerationRequest(**values)


def _read(field: str, key: str, value: str) -> Any:
    setting = _SETTINGS[field]
    read = setting.read(value)
    if read is None:
        raise UserError(f"{key} must be {setting.must_be.format(key)}; you gave '{shorten(value)}'.")
    return read
