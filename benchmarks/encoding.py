"""What embeddings cost when prompts are encoded: almost nothing, because their rows only replace others."""

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
LAYERS = 12  # as in CLIP-L


def measure() -> list[Ratio]:
    """Encode text of the same length without and with three embeddings, and again from the cache."""
    parts = SimpleNamespace(tokenizer=build_tokenizer(), text_encoder=build_text_encoder(LAYERS))
    conditioner = Conditioner(Architecture.SD1, parts)
    placed = [place(f"embedding{number}", vectors, number) for number, vectors in enumerate(VECTORS)]
    numbers = count()

    def text(words: int) -> str:
        """A new text each time, so that none is in the cache."""
        return " ".join(WORDS[(next(numbers) * 7 + position) % len(WORDS)] for position in range(words))

    plain: list[float] = []
    embedded: list[float] = []
    cached: list[float] = []
    for _ in range(ROUNDS):  # alternating, so that other load on the machine affects all three alike
        long, short = text(NEGATIVE_WORDS + sum(VECTORS)), text(NEGATIVE_WORDS)
        plain.append(_seconds(lambda long=long: conditioner.encode(long)))
        embedded.append(_seconds(lambda short=short: conditioner.encode(short, placed)))
        cached.append(_seconds(lambda short=short: conditioner.encode(short, placed)))
    base = statistics.median(plain)
    return [
        Ratio(
            "three embeddings",
            statistics.median(embedded) / base,
            1.05,
            "at most",
            "time to encode ÷ time for plain text of the same length",
        ),
        Ratio(
            "cached", statistics.median(cached) / base, 0.01, "at most", "time to encode again ÷ time for plain text"
        ),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
