"""What embeddings cost when prompts are encoded: nothing, since their rows are only put in place of others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

from benchmarks.pipelines import WORDS, build_text_encoder, build_tokenizer, place
from benchmarks.ratio import Ratio
from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioner

ROUNDS = 15
VECTORS = (8, 8, 6)
NEGATIVE_WORDS = 20
LAYERS = 12  # as CLIP-L has


def measure() -> list[Ratio]:
    """Encode with three embeddings, without any at the same length, and once more from the cache."""
    parts = SimpleNamespace(tokenizer=build_tokenizer(), text_encoder=build_text_encoder(LAYERS))
    conditioner = Conditioner(Architecture.SD1, parts)
    placed = [place(f"embedding{number}", vectors, number) for number, vectors in enumerate(VECTORS)]
    numbers = count()

    def text(words: int) -> str:
        """Always another text, so that the cache knows none of them."""
        return " ".join(WORDS[(next(numbers) * 7 + place) % len(WORDS)] for place in range(words))

    plain: list[float] = []
    embedded: list[float] = []
    cached: list[float] = []
    for _ in range(ROUNDS):  # in turns, so that whatever else the machine does hits all alike
        long, short = text(NEGATIVE_WORDS + sum(VECTORS)), text(NEGATIVE_WORDS)
        plain.append(_seconds(lambda long=long: conditioner.encode(long)))
        embedded.append(_seconds(lambda short=short: conditioner.encode(short, placed)))
        cached.append(_seconds(lambda short=short: conditioner.encode(short, placed)))
    base = statistics.median(plain)
    return [
        Ratio(
            "three embeddings", statistics.median(embedded) / base, 1.05, "at most", "encode ÷ plain of equal length"
        ),
        Ratio("cached", statistics.median(cached) / base, 0.01, "at most", "encode again ÷ plain"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
