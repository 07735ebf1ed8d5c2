"""Split a prompt into chunks of 75 tokens, embeddings first.

A text encoder sees 77 positions: begin token, 75 tokens, end token. Longer prompts become several chunks, which are
encoded separately and joined. Nothing is ever truncated. Knows token ids; knows no encoder.

Source: A1111. When a chunk is full, the words since its last comma move to the next chunk if that comma is at most 20
tokens back; an embedding that doesn't fit as a whole starts a new chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.prompting.emphasis import Passage, parse_emphasis

CHUNK_TOKENS = 75
COMMA_BACKTRACK = 20  # tokens
#: marks where vectors go; any ordinary token works, since its row is replaced
PLACEHOLDER = 0

Tokenize = Callable[[str], list[int]]


@dataclass(slots=True)
class Chunk:
    """Up to 75 tokens with a weight each, and the positions of embeddings among them."""

    ids: list[int] = field(default_factory=list[int])
    weights: list[float] = field(default_factory=list[float])
    #: (position of its first vector, index of the embedding)
    placed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    @property
    def room(self) -> int:
        return CHUNK_TOKENS - len(self.ids)

    def add(self, token: int, weight: float) -> None:
        self.ids.append(token)
        self.weights.append(weight)


def split_into_chunks(prompt: str, tokenize: Tokenize, embeddings: Sequence[tuple[int, float]] = ()) -> list[Chunk]:
    """Place the embeddings, given as (number of vectors, strength), then the prompt; returns at least one chunk."""
    chunks = [Chunk()]
    for index, (num_vectors, strength) in enumerate(embeddings):
        if chunks[-1].room < num_vectors:
            chunks.append(Chunk())
        chunks[-1].placed.append((len(chunks[-1].ids), index))
        for _ in range(num_vectors):
            chunks[-1].add(PLACEHOLDER, strength)
    (comma,) = tokenize(",")
    last_comma: int | None = None
    for passage in parse_emphasis(prompt):
        if passage.is_break:
            chunks.append(Chunk())
            last_comma = None
            continue
        last_comma = _add_passage(chunks, passage, tokenize, comma, last_comma)
    if len(chunks) > 1 and not chunks[-1].ids:  # a BREAK at the end of the prompt
        chunks.pop()
    return chunks


def count_tokens(chunks: Sequence[Chunk]) -> int:
    return sum(len(chunk.ids) for chunk in chunks)


def _add_passage(
    chunks: list[Chunk], passage: Passage, tokenize: Tokenize, comma: int, last_comma: int | None
) -> int | None:
    for token in tokenize(passage.text):
        chunk = chunks[-1]
        if token == comma:
            last_comma = len(chunk.ids)
        elif not chunk.room and last_comma is not None and len(chunk.ids) - last_comma <= COMMA_BACKTRACK:
            chunks.append(_split(chunk, last_comma + 1))
            last_comma = None
        if not chunks[-1].room:
            chunks.append(Chunk())
            last_comma = None
        chunks[-1].add(token, passage.weight)
    return last_comma


def _split(chunk: Chunk, at: int) -> Chunk:
    """Split `chunk` at a position with no embeddings after it, and return the second part."""
    rest = Chunk(chunk.ids[at:], chunk.weights[at:])
    del chunk.ids[at:], chunk.weights[at:]
    return rest
