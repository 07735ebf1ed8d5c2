"""Pairs of keys and values in a line: "Steps: 20, Sampler: Euler". Anything may be in a value, so it's read with care."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

#: fewer pairs than this could be words of a prompt
ENOUGH_PAIRS = 3
#: A1111's; SD.Next wrote bars for a while, and some sites write semicolons
SEPARATORS = (",", "|", ";")
_KEY = re.compile(r"\s*(\w[\w \-/]{0,60}):\s*")
_QUOTED = re.compile(r'"(?:\\.|[^\\"])*"', re.DOTALL)
_END = {separator: re.compile(rf"\s*({re.escape(separator)}|$)") for separator in SEPARATORS}
#: JSON can spell them, but PostgreSQL can't store them
_SURROGATES = re.compile("[\ud800-\udfff]")
_JSON = json.JSONDecoder()


def read_settings(line: str) -> dict[str, str]:
    """The pairs of a line by their keys as written, whatever separates them; anything else is skipped."""
    by_first = sorted(SEPARATORS, key=lambda separator: (line.find(separator) < 0, line.find(separator)))
    readings = [_pairs(line, separator) for separator in by_first]
    return next((pairs for pairs in readings if len(pairs) >= ENOUGH_PAIRS), max(readings, key=len))


def pieces(line: str, separator: str = ",") -> Iterator[tuple[str, str]]:
    """The parts of a line between its separators: keys with their values; the key is empty where there is none."""
    place = 0
    while place < len(line):
        key = _KEY.match(line, place)
        value, place = _value(line, key.end() if key else place, separator)
        yield (key[1].strip() if key else ""), value


def _pairs(line: str, separator: str) -> dict[str, str]:
    return {key: value for key, value in pieces(line, separator) if key and value}


def _value(line: str, start: int, separator: str) -> tuple[str, int]:
    """The value at `start`, and where the next pair begins.

    JSON and quoted text end where they close, the rest at a separator.
    """
    end_of_value = _END[separator]
    if line[start : start + 1] in ("{", "["):
        end = _end_of_json(line, start)
        if end is not None and (after := end_of_value.match(line, end)):
            return line[start:end], after.end()
    quoted = _QUOTED.match(line, start)
    if quoted and (after := end_of_value.match(line, quoted.end())):
        try:
            return _SURROGATES.sub("", str(json.loads(quoted[0], strict=False))).strip(), after.end()
        except ValueError:
            return quoted[0][1:-1].strip(), after.end()
    comma = line.find(separator, start)
    end = len(line) if comma < 0 else comma
    return line[start:end].strip(), end + 1


def _end_of_json(line: str, start: int) -> int | None:
    try:
        return _JSON.raw_decode(line, start)[1]
    except (ValueError, RecursionError):
        return None
