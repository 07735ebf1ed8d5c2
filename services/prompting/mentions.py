"""Find embeddings where other programs put them, in the text of the negative prompt: `EasyNegative, (badhandv4:0.8), blurry`.

Knows the brackets that A1111 weights words by; which words are embeddings is for the caller to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from embeddings.library import InstalledEmbedding, Library
from embeddings.names import name_key
from services.prompting.numbers import number
from services.requests import GenerationRequest

#: what one pair of round brackets multiplies by, and one of square brackets divides by
_EMPHASIS = 1.1
#: deeper brackets are nobody's way to weight a word
_MAX_DEPTH = 8
_WEIGHTED = re.compile(r"(.*):\s*(\d{1,3}(?:\.\d{0,6})?|\.\d{1,6})\s*", re.DOTALL)
_COMFY = "embedding:"


@dataclass(frozen=True, slots=True)
class Mention:
    """An embedding's name as it is written, and the weight of the brackets around it."""

    name: str
    weight: float


def take_mentions(text: str, is_wanted: Callable[[str], bool]) -> tuple[list[Mention], str]:
    """The terms of a prompt that are embeddings, and the prompt without them; the rest of it stays as it is to the letter.

    `is_wanted` is asked about one name after the other, in their order, and may answer differently the second time.
    """
    return _take(text, 1.0, is_wanted, 0)


def take_leading(text: str, names: Iterable[str]) -> tuple[list[Mention], str] | None:
    """The same for text that this program wrote, which begins with all of `names` in their order; None if it does not."""
    mentions: list[Mention] = []
    for name in names:
        match = re.match(rf"(?:{re.escape(name)}|\({re.escape(name)}:([0-9.e+-]{{1,20}})\))(?:, |$)", text)
        weight = number(match[1] or "1") if match else None
        if match is None or weight is None:
            return None
        mentions.append(Mention(name, weight))
        text = text[match.end() :]
    return mentions, text


def embeddings_apart(request: GenerationRequest, library: Library) -> GenerationRequest:
    """The same wish, with embeddings that its negative prompt names, installed or known, among those that were chosen.

    A title may be an ordinary word, so only ids and aliases count.
    """

    def is_embedding(name: str) -> bool:
        found = library.find(name) or library.catalog.find(name)
        entry = found.entry if isinstance(found, InstalledEmbedding) else found
        own = {found.id, *(entry.aliases if entry else ())} if found else set()
        return name_key(name) in map(name_key, own)

    mentions, rest = take_mentions(request.negative or "", is_embedding)
    if not mentions:
        return request
    named = [f"{one.name}:{one.weight:.4g}" for one in mentions]  # without brackets it is 1 there, whatever suits it
    return replace(request, embeddings=(*(request.embeddings or ()), *named), negative=rest or None)


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
    name = bare[len(_COMFY) :] if bare.lower().startswith(_COMFY) else bare
    if name and is_wanted(name):
        return [Mention(name, weight)], ""
    if depth == _MAX_DEPTH or len(bare) < 3 or bare[0] + bare[-1] not in ("()", "[]") or not _is_one_group(bare):
        return [], term
    inner, factor, end = bare[1:-1], _EMPHASIS if bare[0] == "(" else 1 / _EMPHASIS, ""
    if bare[0] == "(" and (match := _WEIGHTED.fullmatch(inner)):
        inner, factor, end = match[1], float(match[2]), inner[len(match[1]) :]
    found, rest = _take(inner, weight * factor, is_wanted, depth + 1)
    if not found:
        return [], term
    return found, term.replace(bare, f"{bare[0]}{rest}{end}{bare[-1]}") if rest else ""


def _terms(text: str) -> list[tuple[str, str]]:
    """What stands between commas and line ends outside of brackets, each with what parts it from the next."""
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
