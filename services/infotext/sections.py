"""Split A1111's "parameters" text into the prompts and the settings, also where line breaks were lost or added.

Source: A1111's own reader: the last line with enough pairs holds the settings; the text before it is the prompt, up to the line
that starts with "Negative prompt:". What other programs and sites do to that format is known from their pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.infotext.pairs import ENOUGH_PAIRS, pieces, read_settings

NEGATIVE = "Negative prompt:"
#: whatever uses A1111's format writes at least one of these
_USUAL = frozenset({"steps", "sampler", "cfg scale", "seed", "size", "model", "model hash"})
_FIRST = rf"^[ \t]*(?:{'|'.join(sorted(_USUAL))}):"
#: in a line that begins with a usual key, a quoted value may go on over several lines
_LINE = re.compile(
    rf'{_FIRST}(?>(?<=:[ ])"(?:\\.|[^"\\])*+"(?=[ ]*(?:[,|;\n]|\Z))|[^\n])*+|^[^\n]+',
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_USUAL_LINE = re.compile(_FIRST, re.IGNORECASE | re.MULTILINE)
#: the pair that A1111 begins with, in the middle of a line
_STEPS = re.compile(r"(?<!\S)Steps:\s*\d+[ ]*(?=[,|;\n]|\Z)")
_NEGATIVE_LINE = re.compile(rf"^{NEGATIVE}", re.MULTILINE)
_NEGATIVE_WITHIN = re.compile(rf"(?<=[\s,.]){NEGATIVE}")


@dataclass(frozen=True, slots=True)
class Sections:
    """The parts of a text."""

    prompt: str
    negative: str
    settings: Mapping[str, str]
    #: what follows the settings without being any
    rest: str = ""


def split_sections(text: str) -> Sections | None:
    """None if the text isn't in A1111's format."""
    text = re.sub(r"\r\n?", "\n", text).strip()
    found = None
    for found_line in _LINE.finditer(text):
        if _are_settings(found_line[0]):
            found = found_line
    if found is None:
        return _with_few_settings(text)
    start = _cut(text, found)
    settings, rest = _merge(read_settings(text[start : found.end()]), text[found.end() :])
    prompt, negative = _prompts(text[:start])
    return Sections(prompt, negative, settings, rest)


def _are_settings(line: str) -> bool:
    keys = read_settings(line)
    return len(keys) >= ENOUGH_PAIRS and any(key.casefold() in _USUAL for key in keys)


def _cut(text: str, line: re.Match[str]) -> int:
    """Where the settings of a line begin: later than the line, if the line break before them was lost."""
    if _USUAL_LINE.match(text, line.start()):
        return line.start()
    starts = [match.start() for match in _STEPS.finditer(text, line.start(), line.end())]
    for start in reversed(starts[-ENOUGH_PAIRS:]):
        head = text[line.start() : start]
        is_prompt = line.start() == 0 or NEGATIVE in head or any(not key for key, value in pieces(head) if value)
        if is_prompt and _are_settings(text[start : line.end()]):
            return start
    return line.start()


def _merge(settings: Mapping[str, str], after: str) -> tuple[dict[str, str], str]:
    """The settings with those in the lines after them, such as templates, and the lines that have none."""
    merged, rest = dict(settings), []
    for line in filter(str.strip, after.split("\n")):
        more = read_settings(line)
        merged = more | merged if more else merged
        if not more:
            rest.append(line.strip())
    return merged, "\n".join(rest)


def _prompts(words: str) -> tuple[str, str]:
    match = _NEGATIVE_LINE.search(words) or _NEGATIVE_WITHIN.search(words)
    if match is None:
        return words.strip(), ""
    return words[: match.start()].strip(), words[match.end() :].strip()


def _with_few_settings(text: str) -> Sections | None:
    """A text without a line of settings: it may have a setting a line, or too few for a line, or none."""
    negative = _NEGATIVE_LINE.search(text) or _NEGATIVE_WITHIN.search(text)
    place = negative.end() if negative else 0
    starts = [match.start() for pattern in (_USUAL_LINE, _STEPS) if (match := pattern.search(text, place))]
    start = min(starts, default=len(text))
    settings, rest = _merge({}, text[start:])
    if not negative and (len(settings) < ENOUGH_PAIRS or rest):
        return None
    prompt, words = _prompts(text[:start])
    return Sections(prompt, words, settings, rest)
