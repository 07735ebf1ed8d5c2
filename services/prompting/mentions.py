"""Find embeddings in the text of a negative prompt, where other programs put them: `EasyNegative, (badhandv4:0.8), blurry`.

Knows A1111's brackets; which words are embeddings is for the caller to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.choices import EMPHASIS, read_spelling
from services.prompting.numbers import parse_float

#: deeper brackets are not how anyone weights a word
_MAX_DEPTH = 8
#: characters; no name is as long with everything around it, and reading brackets takes time
_MAX_SPELLING = 200
_WEIGHTED_GROUP = re.compile(r"(.*):\s*(\d{1,3}(?:\.\d{0,6})?|\.\d{1,6})\s*", re.DOTALL)
#: words that a closing bracket after them would turn into a weight, or that would escape it
_CHANGES_BRACKET = re.compile(r":\s*[+-]?[.\d]+\s*$|(?<!\\)(?:\\\\)*\\$")


@dataclass(frozen=True, slots=True)
class Mention:
    """An embedding's name as it is written, and the weight of the brackets around it."""

    name: str
    weight: float


def take_mentions(text: str, is_wanted: Callable[[str], bool]) -> tuple[list[Mention], str]:
    """The terms of a prompt that are embeddings, and the prompt without them. The rest keeps its letters and its weights.

    `is_wanted` is asked about each name in order, and may answer differently the second time.
    """
    return _take(text, 1.0, is_wanted, 0)


def take_leading(text: str, names: Iterable[str]) -> tuple[list[Mention], str] | None:
    """The same for text that this program wrote, which starts with all of `names` in order; None if it doesn't."""
    mentions: list[Mention] = []
    for name in names:
        match = re.match(rf"(?:{re.escape(name)}|\({re.escape(name)}:([0-9.e+-]{{1,20}})\))(?:, |$)", text)
        weight = parse_float(match[1] or "1") if match else None
        if match is None or weight is None:
            return None
        mentions.append(Mention(name, weight))
        text = text[match.end() :]
    return mentions, text


def _take(text: str, weight: float, is_wanted: Callable[[str], bool], depth: int) -> tuple[list[Mention], str]:
    mentions: list[Mention] = []
    kept: list[str] = []
    for term, separator in _terms(text):
        found, rest = _take_term(term, weight, is_wanted, depth)
        mentions += found
        if rest.strip() or not found:
            kept += (rest, separator)
    if not mentions:
        return [], text
    return mentions, "".join(kept).strip().strip(",").strip()


def _take_term(term: str, weight: float, is_wanted: Callable[[str], bool], depth: int) -> tuple[list[Mention], str]:
    bare = term.strip()
    name, own_weight = read_spelling(bare) if len(bare) <= _MAX_SPELLING else ("", None)
    if name and is_wanted(name):
        return [Mention(name, weight * (1.0 if own_weight is None else own_weight))], ""
    is_list = ("," in bare or "\n" in bare) and bare[0] + bare[-1] in ("()", "[]")
    if depth == _MAX_DEPTH or not is_list or not _is_one_group(bare):
        return [], term
    inner, factor, end = bare[1:-1], EMPHASIS if bare[0] == "(" else 1 / EMPHASIS, ""
    if bare[0] == "(" and (match := _WEIGHTED_GROUP.fullmatch(inner)):
        inner, factor, end = match[1], float(match[2]), inner[len(match[1]) :]
    found, rest = _take(inner, weight * factor, is_wanted, depth + 1)
    if not found:
        return [], term
    if not end and _CHANGES_BRACKET.search(rest):
        end = f":{factor:.4g}"  # "(blurry:1.2, x)" weighs blurry 1.1, and "(blurry:1.2)" would weigh it 1.2
        if bare[0] == "[":
            return found, term.replace(bare, f"({rest}{end})")
    return found, term.replace(bare, f"{bare[0]}{rest}{end}{bare[-1]}") if rest else ""


def _terms(text: str) -> list[tuple[str, str]]:
    """What is between commas and line breaks outside of brackets, each with the separator after it."""
    terms: list[tuple[str, str]] = []
    depth = start = 0
    for match in re.finditer(r"\\.|[()\[\],\n]", text, re.DOTALL):
        mark = match[0]
        if mark in ("(", "["):
            depth += 1
        elif mark in (")", "]"):
            depth = max(depth - 1, 0)
        elif mark in (",", "\n") and depth == 0:
            terms.append((text[start : match.start()], mark))
            start = match.end()
    return [*terms, (text[start:], "")]


def _is_one_group(term: str) -> bool:
    """Whether the bracket that it begins with closes at its end: `(a)`, and not `(a) b (c)`."""
    depth = 0
    for match in re.finditer(r"\\.|[()\[\]]", term, re.DOTALL):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(match[0], 0)
        if depth == 0 and match.start() < len(term) - 1:
            return match.start() == 0 and match[0][0] == "\\"
    return depth == 0
