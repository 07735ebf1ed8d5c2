"""Take the text of a prompt apart: words, brackets that close, and what stands between terms. Escaped brackets are letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

#: what parts terms from each other, in any script; a line break and A1111's BREAK do too
SEPARATORS = ",，、،；;|\n"
_MARK = re.compile(r"\\.|[()\[\]]", re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<separator>[{SEPARATORS}]|\bBREAK\b)|(?P<space>\s+)|(?P<bracket>[()\[\]])"
    rf"|(?P<word>(?:\\.|<[^<>()\[\],\n]{{1,200}}>|(?!\bBREAK\b)[^\s{SEPARATORS}()\[\]])+)",
    re.DOTALL,
)


class Kind(Enum):
    """What a token is."""

    SEPARATOR = "separator"
    SPACE = "space"
    WORD = "word"
    #: from a bracket to the one that closes it
    GROUP = "group"


class Token(NamedTuple):
    """Characters from `start` to `end` of a text."""

    kind: Kind
    start: int
    end: int


def closings(text: str) -> dict[int, int]:
    """Where each bracket that is closed is closed; of two pairs that cross, the one that closes first counts."""
    found: dict[int, int] = {}
    open_at: list[int] = []
    for match in _MARK.finditer(text):
        mark, place = match[0], match.start()
        if mark in "([":
            open_at.append(place)
        elif open_at and mark in ")]" and text[open_at[-1]] + mark in ("()", "[]"):
            found[open_at.pop()] = place
    return found


def tokens(text: str, start: int, end: int, closed: Mapping[int, int]) -> Iterator[Token]:
    """The tokens of a part of a text; a bracket that isn't closed is a word. `closed` is that of the whole text."""
    while start < end:
        match = _TOKEN.match(text, start, end)
        if match is None:  # a backslash at the end
            yield Token(Kind.WORD, start, start + 1)
            start += 1
            continue
        kind, stop = str(match.lastgroup), match.end()
        if kind == "bracket":
            close = closed.get(start, end)
            kind, stop = ("group", close + 1) if close < end else ("word", stop)
        yield Token(Kind(kind), start, stop)
        start = stop
