"""Words and phrases that prompts may not contain, found through disguises and never inside other words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from services.errors import UserError
from services.policy.folding import Folded, fold, is_invisible, is_word, letters_apart, readings
from services.text import shorten

MAX_TERMS = 500
MAX_TERM = 100  # characters
#: shorter words are found among letters that stand apart by chance
_LETTERS_APART = 3
#: scripts that put no spaces between words
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True, slots=True)
class Found:
    """A blocked term in a text."""

    term: str
    #: as it stands there
    text: str
    #: what disguised it
    disguises: tuple[str, ...]


@dataclass(frozen=True)
class Blocklist:
    """Compared without case, accents and disguise: look-alikes, repeated letters, letters apart, invisible characters."""

    terms: tuple[str, ...] = ()

    @cached_property
    def _by_first_word(self) -> dict[str, list[tuple[str, list[str]]]]:
        """Terms with their words, by the letters of the first word without repetitions."""
        found: dict[str, list[tuple[str, list[str]]]] = {}
        for term in self.terms:
            words = [word for word, _, _ in _words(fold(term).text)]
            found.setdefault(_squeezed(words[0]), []).append((term, words))
        return found

    @cached_property
    def _unspaced(self) -> list[tuple[str, str]]:
        """Terms of scripts without spaces, with what to look for: they may be anywhere."""
        folded = [(term, fold(term).text) for term in self.terms]
        return [(term, text) for term, text in folded if _is_unspaced(text[0]) and _is_unspaced(text[-1])]

    def find(self, text: str) -> Found | None:
        """A blocked term in a text. Takes time linear in its length."""
        if not self.terms:
            return None
        found = next((found for reading in readings(text) if (found := self._find_in(reading, text))), None)
        return found or self._find_apart(text)

    def _find_in(self, reading: Folded, text: str) -> Found | None:
        for term, start, end in (*self._spaced_in(reading.text), *self._unspaced_in(reading.text)):
            begin, stop = reading.source_of(start, end)
            return Found(term, text[begin:stop], _disguises(text[begin:stop], term, reading.text[start:end]))
        return None

    def _find_apart(self, text: str) -> Found | None:
        """A word among letters that stand apart; where it begins among them can't be told."""
        for word, start, end in letters_apart(text):
            letters = _squeezed(word)
            for first, terms in self._by_first_word.items():
                if len(first) >= _LETTERS_APART and first in letters and len(terms[0][1]) == 1:
                    return Found(terms[0][0], text[start:end], ("letters apart",))
        return None

    def _spaced_in(self, text: str) -> Iterator[tuple[str, int, int]]:
        words = _words(text)
        for place, (word, start, _) in enumerate(words):
            for term, wanted in self._by_first_word.get(_squeezed(word), ()):
                there = words[place : place + len(wanted)]
                if len(there) == len(wanted) and all(map(_covers, (found for found, _, _ in there), wanted)):
                    yield term, start, there[-1][2]

    def _unspaced_in(self, text: str) -> Iterator[tuple[str, int, int]]:
        for term, wanted in self._unspaced:
            if (start := text.find(wanted)) >= 0:
                yield term, start, start + len(wanted)


def checked_term(typed: str) -> str:
    """A term with single spaces.

    Raises: UserError, if it has no letters.
    """
    term = " ".join(typed.split())
    if not 1 <= len(term) <= MAX_TERM or not any(map(is_word, fold(term).text)):
        raise UserError(f"'{shorten(term)}' can't be blocked: a term needs letters, and at most {MAX_TERM} characters.")
    return term


def split_terms(typed: str) -> tuple[str, ...]:
    """Terms separated by commas or line breaks, each once.

    Raises: UserError.
    """
    parts = (part for part in re.split(r"[,;\n]", typed) if part.strip())
    return unique_terms(map(checked_term, parts))


def unique_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """Each of the terms once, the first spelling of each."""
    first: dict[tuple[str, ...], str] = {}
    for term in terms:
        first.setdefault(_letters(term), term)
    return tuple(first.values())


def _words(folded: str) -> list[tuple[str, int, int]]:
    """The words of a folded text, each with where it starts and ends."""
    found: list[tuple[str, int, int]] = []
    start = 0
    for is_part, group in groupby(folded, is_word):
        letters = "".join(group)
        if is_part:
            found.append((letters, start, start + len(letters)))
        start += len(letters)
    return found


def _letters(term: str) -> tuple[str, ...]:
    return tuple(word for word, _, _ in _words(fold(term).text))


def _squeezed(word: str) -> str:
    """Without repetitions of letters."""
    return "".join(letter for letter, _ in groupby(word))


def _covers(word: str, wanted: str) -> bool:
    """Whether a word is the wanted one, with letters repeated or not; "as" isn't "ass"."""
    runs, least = ([(letter, sum(1 for _ in group)) for letter, group in groupby(either)] for either in (word, wanted))
    return len(runs) == len(least) and all(
        letter == other and times >= at_least for (letter, times), (other, at_least) in zip(runs, least, strict=True)
    )


def _is_unspaced(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_UNSPACED)


def _disguises(text: str, term: str, read: str) -> tuple[str, ...]:
    """Why the text is the term all the same."""
    plain, letters = "".join(filter(is_word, fold(text).text)), "".join(filter(is_word, read))
    found = {
        "invisible characters": any(map(is_invisible, text)),
        "look-alike characters": plain != letters,
        "repeated letters": len(letters) > sum(map(len, _letters(term))),
    }
    return tuple(name for name, is_there in found.items() if is_there)
