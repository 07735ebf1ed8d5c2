"""Fold text so that every way to disguise a word is the same word, and every letter knows where it came from.

Source: the look-alikes are those of Unicode Technical Standard 39, in the version that `confusable-homoglyphs` carries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from confusable_homoglyphs import confusables

#: digits and signs that are typed for a letter; what looks like an i may also be an l
_TYPED_FOR = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}
_STROKES = "1!|¡"
#: marks over and under letters of any alphabet; those of one alphabet alone, such as Japanese voicing, make other letters
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: without a visible form, though they count as letters or marks: Hangul fillers and variation selectors
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: single letters with the same between them, as in "n.u.d.e"
_SPELLED_OUT = re.compile(r"(?<![^\W_])[^\W_]([\W_]{1,3})[^\W_](?:\1[^\W_])+(?![^\W_])")
_DISGUISED_WORD = re.compile(r"[\w@$€!|¡]*[\w@$€]")


@dataclass(frozen=True, slots=True)
class Folded:
    """Text without case and disguise. `sources[i]` is the index of the character that letter i came from."""

    text: str
    sources: tuple[int, ...]

    def source_of(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that a span of the folded text came from."""
        return self.sources[start], self.sources[end - 1] + 1


def fold(text: str) -> Folded:
    """Without case, width, accents and invisible characters. No letter becomes another."""
    letters = [
        (folded, index)
        for index, letter in enumerate(text)
        if not is_invisible(letter)
        for part in unicodedata.normalize("NFKD", letter)
        if not _MARKS.match(part)
        for folded in part.casefold()
    ]
    return Folded("".join(letter for letter, _ in letters), tuple(index for _, index in letters))


def readings(text: str) -> Iterator[Folded]:
    """What a reader may take the text for, plainest first: look-alikes as the letters that they look like."""
    plain = fold(text)
    yield plain
    seen = {plain.text}
    for stroke in "il":
        read = Folded(_undisguised_text(plain.text, stroke), plain.sources)
        if read.text not in seen:
            seen.add(read.text)
            yield read


def letters_apart(text: str) -> Iterator[tuple[str, int, int]]:
    """Words whose letters stand apart, put together, each with where it starts and ends in the text."""
    plain = fold(text)
    for run in _SPELLED_OUT.finditer(plain.text):
        start, end = plain.source_of(*run.span())
        word = "".join(filter(is_word, run[0]))
        yield from ((read, start, end) for read in {_undisguised_text(word, stroke) for stroke in "il"})


def is_word(letter: str) -> bool:
    """Whether a character is part of a word."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def is_invisible(letter: str) -> bool:
    return bool(_INVISIBLE.match(letter)) or (
        unicodedata.category(letter) in {"Cf", "Cc", "Cs", "Co", "Cn"} and not letter.isspace()
    )


def _undisguised_text(text: str, stroke: str) -> str:
    return _DISGUISED_WORD.sub(lambda word: _undisguised(word[0], stroke), text)


def _undisguised(word: str, stroke: str) -> str:
    """A word with look-alikes, if it mixes alphabets or all of it looks Latin; a word of another alphabet is itself."""
    if not any(letter.isalpha() for letter in word):
        return word  # a number
    latin = "".join(_latin(letter) for letter in word)
    if any(letter.isalpha() and not letter.isascii() for letter in latin) and not any(map(str.isascii, word)):
        return word
    return "".join(_TYPED_FOR.get(letter, stroke if letter in _STROKES else letter) for letter in latin)


def _latin(letter: str) -> str:
    return letter if letter.isascii() else _look_alikes().get(letter, letter)


@cache
def _look_alikes() -> dict[str, str]:
    """Letters of other alphabets, by case folding, and the Latin letter that each looks like."""
    found: dict[str, str] = {}
    known: dict[str, list[dict[str, Any]]] = confusables.confusables_data
    for letter, likes in known.items():
        for like in (other["c"] for other in likes):
            if letter.isascii() or not (like.isascii() and like.isalpha() and len(like) == 1):
                continue
            found.setdefault(letter, like.casefold())
            found.setdefault(letter.casefold(), like.casefold())
    return found
