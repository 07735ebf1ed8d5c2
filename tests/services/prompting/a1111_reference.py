"""A second implementation of A1111's emphasis and chunks, from their description and unlike the code under test.

Emphasis: brackets are matched first, and a character's weight is the product over the brackets around it. Chunks: they are
cut off the full list of positions, while the code under test adds token by token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

#: an encoder's positions between the begin and end tokens
LENGTH = 75
#: how far back a full chunk may be cut at a comma
BACKTRACK = 20

#: a token and its weight; the positions of embedding i have the token -1 - i
Position = tuple[int, float]
#: start, end (exclusive), factor
Span = tuple[int, int, float]

_BREAK = "\ue000"
_NUMBER = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")


def emphasised(prompt: str) -> list[list[tuple[str, float]]]:
    """The passages (text, weight) between BREAKs; neighbours of equal weight are one passage."""
    letters, spans = _spans(re.sub(r"\s*\bBREAK\b\s*", _BREAK, prompt))
    parts: list[list[tuple[str, float]]] = [[]]
    for number, letter in enumerate(letters):
        if letter == _BREAK:
            parts.append([])
            continue
        weight = 1.0
        for start, end, factor in spans:
            weight *= factor if start <= number < end else 1.0
        parts[-1].append((letter, weight))
    return [
        [("".join(letter for letter, _ in run), weight) for weight, run in groupby(part, key=lambda pair: pair[1])]
        for part in parts
    ]


def chunked(
    prompt: str, tokenize: Callable[[str], list[int]], embeddings: Sequence[tuple[int, float]] = ()
) -> list[list[Position]]:
    """Chunks of at most 75 positions: the unsplit embeddings, given as (number of vectors, strength), then the words."""
    chunks: list[list[Position]] = [[]]
    for number, (vectors, strength) in enumerate(embeddings):
        if len(chunks[-1]) + vectors > LENGTH:
            chunks.append([])
        chunks[-1].extend([(-1 - number, strength)] * vectors)
    (comma,) = tokenize(",")
    before = chunks.pop()
    for passages in emphasised(prompt):
        words = [(token, weight) for text, weight in passages for token in tokenize(text)]
        chunks.extend(_cut([*before, *words], comma))
        before = []
    return chunks if chunks[-1] or len(chunks) == 1 else chunks[:-1]


def _cut(positions: list[Position], comma: int) -> list[list[Position]]:
    chunks: list[list[Position]] = []
    while len(positions) > LENGTH:
        at = LENGTH
        if positions[LENGTH][0] != comma:  # a comma that doesn't fit moves to the next chunk alone
            commas = [place for place in range(LENGTH - BACKTRACK, LENGTH) if positions[place][0] == comma]
            at = commas[-1] + 1 if commas else LENGTH
        chunks.append(positions[:at])
        positions = positions[at:]
    return [*chunks, positions]


def _spans(prompt: str) -> tuple[str, list[Span]]:
    """The text without brackets and weights, and the brackets' spans in the order in which they close."""
    letters, spans = "", list[Span]()
    opened: dict[str, list[int]] = {"(": [], "[": []}
    while prompt:
        number = _NUMBER.match(prompt)
        if re.match(r"\\[()\[\]\\]", prompt):
            letters, prompt = letters + prompt[1], prompt[2:]
        elif prompt[0] in opened:
            opened[prompt[0]].append(len(letters))
            prompt = prompt[1:]
        elif number and opened["("]:
            spans.append((opened["("].pop(), len(letters), float(number[1])))
            prompt = prompt[number.end() :]
        elif prompt[0] in ")]" and opened["(" if prompt[0] == ")" else "["]:
            round_one = prompt[0] == ")"
            spans.append((opened["(" if round_one else "["].pop(), len(letters), 1.1 if round_one else 1 / 1.1))
            prompt = prompt[1:]
        else:
            letters, prompt = letters + prompt[0], prompt[1:]
    # unclosed brackets extend to the end
    spans.extend((start, len(letters), 1.1) for start in opened["("])
    spans.extend((start, len(letters), 1 / 1.1) for start in opened["["])
    return letters, spans
