"""Presets as a JSON file: written whole, and read only if all of it is valid. The files are untrusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from embeddings.display import printable
from services.choices import parse_choices
from services.errors import UserError
from services.presets.fields import FIELDS, LOCKABLE
from services.requests import GenerationRequest, Preset
from services.text import QUOTED

FORMAT = "negative-space presets"
VERSION = 1
MAX_FILE_BYTES = 4 * 1024 * 1024
_NO_PRESETS = "That file has no presets in it; attach one that /preset export made."
#: of a name in a setting, in characters; nothing has a longer one
_MAX_WORD = 100
#: settings are smaller, and a sentence has no room for more digits
_MAX_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class FilePreset:
    """A preset that doesn't belong to a server yet."""

    name: str
    request: GenerationRequest
    locked: tuple[str, ...] = ()


def write_presets(presets: Iterable[Preset]) -> bytes:
    """The file. Which preset is the default where isn't in it, since channels are a server's own."""
    entries = [
        {
            "name": preset.name,
            "settings": {field: value for field, value in preset.request.as_json().items() if field in FIELDS},
            "locked": list(preset.locked),
        }
        for preset in presets
    ]
    table = {"format": FORMAT, "version": VERSION, "presets": entries}
    return json.dumps(table, ensure_ascii=False, indent=1).encode()


def read_presets(data: bytes, *, most: int) -> list[FilePreset]:
    """The presets of a file, with values of the right types; whether they make sense is checked elsewhere.

    Raises: UserError, for the first thing that is wrong.
    """
    table = _table(data)
    version = table.get("version")
    if table.get("format") != FORMAT or isinstance(version, bool) or not isinstance(version, int):
        raise UserError(_NO_PRESETS)
    if version != VERSION:
        raise UserError(f"That file uses format {version}; this bot reads format {VERSION}. Export it again from here.")
    entries = table.get("presets")
    if not isinstance(entries, list) or not entries:
        raise UserError(_NO_PRESETS)
    if len(entries) > most:
        raise UserError(f"That file has {len(entries)} presets and a server can have {most}; take some out.")
    read = [_preset(entry, number) for number, entry in enumerate(entries, start=1)]
    seen: set[str] = set()
    for preset in read:
        if preset.name.casefold() in seen:
            raise UserError(f"'{printable(preset.name, QUOTED)}' is in the file twice; take one of them out.")
        seen.add(preset.name.casefold())
    return read


def _table(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_FILE_BYTES:
        raise UserError(f"That file has {len(data):,} bytes; a file of presets can have {MAX_FILE_BYTES:,}.")
    try:
        table = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UserError("That file isn't JSON; attach one that /preset export made.") from None
    if not isinstance(table, dict):
        raise UserError(_NO_PRESETS)
    return table


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number in JSON")


def _preset(entry: Any, number: int) -> FilePreset:
    if not isinstance(entry, dict) or not isinstance(name := entry.get("name"), str):
        raise UserError(f"Preset number {number} in the file has no name; give it one in 'name'.")
    label = printable(name, QUOTED)
    settings, locked = entry.get("settings"), entry.get("locked", [])
    if not isinstance(settings, dict):
        raise UserError(f"'{label}' in the file has no settings; they go into 'settings', by name.")
    for field, value in settings.items():
        if field not in _KINDS:
            raise UserError(
                f"'{label}' in the file sets '{printable(field, QUOTED)}'; a preset can set {', '.join(FIELDS)}."
            )
        is_right, kind = _KINDS[field]
        if not is_right(value):
            raise UserError(f"'{label}' in the file: {field} must be {kind}.")
    if not isinstance(locked, list) or not all(isinstance(field, str) and field in LOCKABLE for field in locked):
        raise UserError(f"'{label}' in the file: locked must be a list of some of these: {', '.join(LOCKABLE)}.")
    try:
        choices = tuple(choice for text in settings.get("embeddings", ()) for choice in parse_choices(text)) or None
    except UserError as error:
        raise UserError(f"'{label}' in the file: {error}") from error
    request = replace(GenerationRequest.from_json(settings), embeddings=choices)
    return FilePreset(name.strip(), request, tuple(field for field in LOCKABLE if field in locked))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= _MAX_WORD


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_word, value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and abs(value) <= _MAX_NUMBER)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (_is_word, "a name"),
    "embeddings": (_are_words, "a list of names"),
    "negative": (_is_text, "text"),
    "prompt": (_is_text, "text"),
    "cfg": (_is_number, "a number"),
    "steps": (_is_whole, "a whole number"),
    "size": (_is_word, "text like 64x64"),
    "sampler": (_is_word, "a name"),
    "count": (_is_whole, "a whole number"),
}
