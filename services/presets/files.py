"""Presets as a JSON file: written whole, and read only if all of it is sound. Files are strangers'."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from embeddings.display import printable
from services.errors import UserError
from services.presets.lines import FIELDS, LOCKABLE
from services.requests import GenerationRequest, Preset

FORMAT = "negative-space presets"
VERSION = 1
MAX_FILE_BYTES = 4 * 1024 * 1024
#: what a sentence shows of a name out of a file
_SHOWN = 40
#: of a name in a setting, in characters; what is longer names nothing
_MAX_WORD = 100
#: whole numbers beyond this are no settings, and have more digits than a sentence holds
_MAX_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class FilePreset:
    """A preset that belongs to no server yet."""

    name: str
    request: GenerationRequest
    locked: tuple[str, ...] = ()


def write_presets(presets: Iterable[Preset]) -> bytes:
    """The file; what is default where is not in it, since channels are a server's own."""
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
    """The presets of a file, each with the right kinds of values; whether they make sense is not asked here.

    Raises: UserError, for the first thing that is wrong.
    """
    table = _table(data)
    version = table.get("version")
    if table.get("format") != FORMAT or isinstance(version, bool) or not isinstance(version, int):
        raise UserError("That file holds no presets: attach one that /preset export made.")
    if version != VERSION:
        raise UserError(f"That file was made by another version of me; I read format {VERSION}: export it again there.")
    entries = table.get("presets")
    if not isinstance(entries, list) or not entries:
        raise UserError("That file holds no presets: attach one that /preset export made.")
    if len(entries) > most:
        raise UserError(f"That file holds {len(entries)} presets, and a server holds {most}: take some out of it.")
    read = [_preset(entry, number) for number, entry in enumerate(entries, start=1)]
    seen: set[str] = set()
    for preset in read:
        if preset.name.casefold() in seen:
            raise UserError(f"'{printable(preset.name, _SHOWN)}' stands in the file twice: take one of them out.")
        seen.add(preset.name.casefold())
    return read


def _table(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_FILE_BYTES:
        raise UserError(f"That file has {len(data):,} bytes; presets have at most {MAX_FILE_BYTES:,}.")
    try:
        table = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UserError("That file is not JSON: attach one that /preset export made.") from None
    if not isinstance(table, dict):
        raise UserError("That file holds no presets: attach one that /preset export made.")
    return table


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _preset(entry: Any, number: int) -> FilePreset:
    if not isinstance(entry, dict) or not isinstance(name := entry.get("name"), str):
        raise UserError(f"Preset number {number} of the file has no name: give it one in `name`.")
    label = printable(name, _SHOWN)
    settings, locked = entry.get("settings"), entry.get("locked", [])
    if not isinstance(settings, dict):
        raise UserError(f"'{label}' in the file has no settings: they belong in `settings`, by their names.")
    for field, value in settings.items():
        if field not in _KINDS:
            raise UserError(f"'{label}' in the file sets '{printable(field, _SHOWN)}'; there are: {', '.join(FIELDS)}.")
        is_right, kind = _KINDS[field]
        if not is_right(value):
            raise UserError(f"'{label}' in the file: {field} must be {kind}.")
    if not isinstance(locked, list) or not all(isinstance(one, str) and one in LOCKABLE for one in locked):
        raise UserError(f"'{label}' in the file: `locked` must be a list, of these: {', '.join(LOCKABLE)}.")
    return FilePreset(
        name.strip(), GenerationRequest.from_json(settings), tuple(field for field in LOCKABLE if field in locked)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= _MAX_WORD


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_word(one) for one in value)


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
