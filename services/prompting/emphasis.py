"""Read A1111's emphasis: `(word)`, `(word:1.3)`, `[word]`, escapes and BREAK.

Source: the rule is A1111's, which users' recipes are calibrated on: a round bracket multiplies by 1.1, a square one
divides by 1.1, a number after a colon multiplies by itself, brackets nest, and a backslash makes a bracket an
ordinary character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROUND = 1.1
SQUARE = 1 / 1.1
#: far beyond any recipe, and small enough that no encoder's output overflows
MAX_WEIGHT = 100.0

_SYMBOL = re.compile(
    r"\\[()\[\]\\]"  # an escaped bracket or backslash
    r"|[(\[\])]"
    r"|:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*\)"  # a weight and the bracket it closes
    r"|[^\\()\[\]:]+"
    r"|[\\:]"
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """Words with one weight. An empty text is a BREAK: the next passage begins a new chunk."""

    text: str
    weight: float = 1.0

    @property
    def is_break(self) -> bool:
        return not self.text


def parse_emphasis(prompt: str) -> list[Passage]:
    """Split a prompt into passages of equal weight. Unclosed brackets count to the end; nothing is an error."""
    passages: list[Passage] = []
    # the passages that open brackets stand before; the two kinds need not nest in each other
    round_opened: list[int] = []
    square_opened: list[int] = []
    for symbol in _SYMBOL.findall(prompt):
        if symbol == "(":
            round_opened.append(len(passages))
        elif symbol == "[":
            square_opened.append(len(passages))
        elif symbol[0] == ":" and symbol[-1] == ")" and round_opened:
            _weigh(passages, round_opened.pop(), float(symbol[1:-1]))
        elif symbol == ")" and round_opened:
            _weigh(passages, round_opened.pop(), ROUND)
        elif symbol == "]" and square_opened:
            _weigh(passages, square_opened.pop(), SQUARE)
        else:
            passages.extend(_plain(symbol))
    for start in round_opened:
        _weigh(passages, start, ROUND)
    for start in square_opened:
        _weigh(passages, start, SQUARE)
    return _joined(passages)


def _plain(symbol: str) -> list[Passage]:
    if symbol[0] == "\\" and len(symbol) == 2:
        return [Passage(symbol[1])]
    parts: list[Passage] = []
    for number, text in enumerate(_BREAK.split(symbol)):
        if number:
            parts.append(Passage(""))
        if text:
            parts.append(Passage(text))
    return parts


def _weigh(passages: list[Passage], start: int, factor: float) -> None:
    for index in range(start, len(passages)):
        passage = passages[index]
        if not passage.is_break:
            passages[index] = Passage(passage.text, _limited(passage.weight * _limited(factor)))


def _limited(weight: float) -> float:
    return max(-MAX_WEIGHT, min(weight, MAX_WEIGHT))


def _joined(passages: list[Passage]) -> list[Passage]:
    joined: list[Passage] = []
    for passage in passages:
        if joined and not passage.is_break and not joined[-1].is_break and joined[-1].weight == passage.weight:
            joined[-1] = Passage(joined[-1].text + passage.text, passage.weight)
        else:
            joined.append(passage)
    return joined
