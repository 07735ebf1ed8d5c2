"""Parse A1111's emphasis: `(word)`, `(word:1.3)`, `[word]`, escapes and BREAK.

Source: A1111, which users' recipes are calibrated for. Round brackets multiply the weight by 1.1, or by the number after
a colon; square brackets divide it by 1.1; brackets nest; a backslash makes a bracket an ordinary character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROUND = 1.1
SQUARE = 1 / 1.1
#: far beyond any recipe, yet small enough that no encoder's output overflows
MAX_WEIGHT = 100.0

_SYMBOL = re.compile(
    r"\\[()\[\]\\]"  # an escaped bracket or backslash
    r"|[(\[\])]"
    r"|:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*\)"  # a weight with its closing bracket
    r"|[^\\()\[\]:]+"
    r"|[\\:]"
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """Text with a single weight. An empty text is a BREAK: the next passage starts a new chunk."""

    text: str
    weight: float = 1.0

    @property
    def is_break(self) -> bool:
        return not self.text


def parse_emphasis(prompt: str) -> list[Passage]:
    """Split a prompt into passages of equal weight. Unclosed brackets extend to the end; no input is an error."""
    passages: list[Passage] = []
    # for each open bracket, the index of its first passage; the two kinds needn't nest within each other
    round_opened: list[int] = []
    square_opened: list[int] = []
    for symbol in _SYMBOL.findall(prompt):
        if symbol == "(":
            round_opened.append(len(passages))
        elif symbol == "[":
            square_opened.append(len(passages))
        elif symbol[0] == ":" and symbol[-1] == ")" and round_opened:
            _multiply(passages, round_opened.pop(), float(symbol[1:-1]))
        elif symbol == ")" and round_opened:
            _multiply(passages, round_opened.pop(), ROUND)
        elif symbol == "]" and square_opened:
            _multiply(passages, square_opened.pop(), SQUARE)
        else:
            passages.extend(_plain_passages(symbol))
    for start in round_opened:
        _multiply(passages, start, ROUND)
    for start in square_opened:
        _multiply(passages, start, SQUARE)
    return _join_equal_weights(passages)


def _plain_passages(symbol: str) -> list[Passage]:
    if symbol[0] == "\\" and len(symbol) == 2:
        return [Passage(symbol[1])]
    parts: list[Passage] = []
    for index, text in enumerate(_BREAK.split(symbol)):
        if index:
            parts.append(Passage(""))
        if text:
            parts.append(Passage(text))
    return parts


def _multiply(passages: list[Passage], start: int, factor: float) -> None:
    for index in range(start, len(passages)):
        passage = passages[index]
        if not passage.is_break:
            passages[index] = Passage(passage.text, _clamp(passage.weight * _clamp(factor)))


def _clamp(weight: float) -> float:
    return max(-MAX_WEIGHT, min(weight, MAX_WEIGHT))


def _join_equal_weights(passages: list[Passage]) -> list[Passage]:
    joined: list[Passage] = []
    for passage in passages:
        if joined and not passage.is_break and not joined[-1].is_break and joined[-1].weight == passage.weight:
            joined[-1] = Passage(joined[-1].text + passage.text, passage.weight)
        else:
            joined.append(passage)
    return joined
