"""Ten thousand installed embeddings: indexing them at start, and autocomplete over all of them."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.ratio import Ratio
from embeddings.architecture import Architecture
from embeddings.catalog import Catalog
from embeddings.embedding import Embedding
from embeddings.library import Library
from embeddings.writer import write_file
from services.checkpoints import read_shelf
from services.stock import Stock, Stocks
from services.suggestions.autocomplete import Suggestions

INSTALLED = 10_000
START_LIMIT = 3.0  # seconds
ANSWER_LIMIT = 0.050  # seconds, in which autocomplete must answer even while the GPU is busy
TYPED = ("", "n", "neg", "negative 77", "watermrk", "xyz", "negative-1234:0.8")
ROUNDS = 5


def measure() -> list[Ratio]:
    """Measure times as shares of their limits."""
    with tempfile.TemporaryDirectory() as folder:
        _write_files(Path(folder))
        library = Library(Catalog())
        started = time.perf_counter()
        library.scan([Path(folder)])
        start = time.perf_counter() - started
        assert len(library) == INSTALLED
    suggestions = Suggestions(Stocks(Stock(library=library, shelf=read_shelf(Path(folder)))))
    suggestions.prepare()
    answers: list[float] = []
    for typed in TYPED * ROUNDS:
        started = time.perf_counter()
        suggestions.embeddings(typed, model="demo")
        answers.append(time.perf_counter() - started)
    slowest = statistics.quantiles(answers, n=100)[-1]
    return [
        Ratio("index", start / START_LIMIT, 1, "at most", f"time to read {INSTALLED:,} files ÷ {START_LIMIT:g} s"),
        Ratio("autocomplete", slowest / ANSWER_LIMIT, 1, "at most", f"99th percentile ÷ {ANSWER_LIMIT * 1000:g} ms"),
    ]


def _write_files(folder: Path) -> None:
    numbers = np.random.default_rng(0)
    for number in range(INSTALLED):
        rows = numbers.normal(0, 0.1, (2, 96)).astype(np.float32)
        embedding = Embedding(Architecture.DEMO, {"clip_demo": rows})
        write_file(folder / f"negative-{number}.safetensors", embedding, title=f"negative {number}", provenance={})
