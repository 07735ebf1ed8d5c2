"""The settings of a request in one line that a member can read and change, in A1111's form: "Steps: 20, Sampler: Euler"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.errors import UserError
from services.infotext.reader import pieces
from services.infotext.writer import write_settings
from services.prompting.numbers import number, whole_number
from services.requests import GenerationRequest
from services.samplers import SAMPLERS, sampler_of

_KNOWN = "Steps, Sampler, CFG scale, Seed, Size, Model, Count"


def settings_of(request: GenerationRequest, model: str | None) -> str:
    """Everything but the prompts and the embeddings; `model` is what members call the request's."""
    pairs = {
        "Steps": request.steps,
        "Sampler": SAMPLERS.get(request.sampler or ""),
        "CFG scale": None if request.cfg is None else f"{request.cfg:g}",
        "Seed": request.seed,
        "Size": request.size,
        "Model": model,
        "Count": request.count if (request.count or 1) > 1 else None,
    }
    return write_settings(pairs)


def read_settings_line(typed: str) -> GenerationRequest:
    """The line again, as a request.

    Raises: UserError, for whatever in it is not understood.
    """
    values: dict[str, Any] = {"count": 1}
    schedule: str | None = None
    for key, value in pieces(typed.replace("\n", ", ")):
        if not key and not value:
            continue
        if not key:
            raise UserError(f"'{value[:40]}' is no setting: write it as Steps: 20, Seed: 7 and so on.")
        if key.casefold() == "schedule type":
            schedule = value
            continue
        if key.casefold() not in _FIELDS:
            raise UserError(f"There is no setting '{key[:40]}'. There are: {_KNOWN}.")
        if value:
            name, read = _FIELDS[key.casefold()]
            values[name] = read(key, value)
    if schedule and "sampler" in values:
        both = f"{values['sampler']} {schedule}"
        values["sampler"] = sampler_of(values["sampler"], schedule) or both
    return GenerationRequest(**values)


def _whole(key: str, value: str) -> int:
    read = whole_number(value)
    if read is None:
        raise UserError(f"{key} takes a whole number, and '{value[:40]}' is none.")
    return read


def _number(key: str, value: str) -> float:
    read = number(value)
    if read is None:
        raise UserError(f"{key} takes a number, and '{value[:40]}' is none.")
    return read


def _text(key: str, value: str) -> str:
    return value


_FIELDS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "steps": ("steps", _whole),
    "sampler": ("sampler", _text),
    "cfg scale": ("cfg", _number),
    "cfg": ("cfg", _number),
    "seed": ("seed", _whole),
    "size": ("size", _text),
    "model": ("model", _text),
    "count": ("count", _whole),
}
