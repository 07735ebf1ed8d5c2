"""Rank thousands of embeddings by what a member has typed so far, in a millisecond or two.

Everything that doesn't depend on what is typed is computed once per checkpoint and state of the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.matching import MIN_SIMILARITY
from services.planning.fit import Fit, fit_of, merit_of, usable_with

#: a match of an embedding's targets counts a little less than a match of its name
TARGET_SHARE = 0.9
#: scores out of 100: the start of a name, a part of it, and a typo
START, PART, ALIKE = 100.0, 95.0, 0.9
#: fewer letters than this match nearly anything, so they count for less
CERTAIN_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Habits:
    """What a server's members do with embeddings, by id."""

    #: how often each was used
    uses: Mapping[str, int] = field(default_factory=dict[str, int])
    #: how well liked each is, from 0 to 1
    liked: Mapping[str, float] = field(default_factory=dict[str, float])


class Ranking:
    """The embeddings that work with one checkpoint, best first."""

    def __init__(self, checkpoint: Checkpoint, library: Iterable[InstalledEmbedding]) -> None:
        self._embeddings = usable_with(checkpoint, library)
        merits = [merit_of(embedding, checkpoint) for embedding in self._embeddings]
        places = {merit: place for place, merit in enumerate(dict.fromkeys(merits))}
        self._merits = np.array([places[merit] for merit in merits], dtype=np.int32)
        self._is_foreign = np.array(
            [fit_of(embedding, checkpoint) is Fit.OTHER_LINEAGE for embedding in self._embeddings], dtype=np.bool_
        )
        self._positions = {embedding.id: position for position, embedding in enumerate(self._embeddings)}
        self._names = _Names([(embedding.id, embedding.title, *embedding.aliases) for embedding in self._embeddings])
        self._targets = _Names([embedding.targets for embedding in self._embeddings])

    def best(self, typed: str, count: int, *, without: set[str], habits: Habits) -> Sequence[InstalledEmbedding]:
        """Up to `count` that match `typed`, none with a content hash of `without`.

        Closeness decides, then fit, then how well liked each is, then merit, then how often it was used. If nothing matches but
        what is already picked, everything that fits is returned: an empty list would look as if there were no embeddings.
        """
        closeness = self._closeness(typed.strip().casefold())
        used, liked = self._row(habits.uses), self._row(habits.liked)
        keys = (-np.round(closeness / 10), self._is_foreign, -liked, self._merits, -used, np.arange(len(used)))
        order = np.lexsort(keys[::-1])
        ranked = (self._embeddings[position] for position in order if closeness[position] >= MIN_SIMILARITY)
        kept: list[InstalledEmbedding] = []
        for embedding in ranked:
            if len(kept) == count:
                break
            if embedding.content_hash not in without:
                kept.append(embedding)
        return kept or (self.best("", count, without=without, habits=habits) if typed else kept)

    def _row(self, numbers: Mapping[str, float]) -> NDArray[np.float64]:
        """The number of each embedding, 0 where there is none."""
        row = np.zeros(len(self._embeddings))
        for name, number in numbers.items():
            if name in self._positions:
                row[self._positions[name]] = number
        return row

    def _closeness(self, wanted: str) -> NDArray[np.float64]:
        """Of each embedding, from 0 to 100."""
        if not wanted:
            return np.full(len(self._embeddings), START)
        scores = np.maximum(self._names.scores(wanted), TARGET_SHARE * self._targets.scores(wanted))
        return scores if (scores >= MIN_SIMILARITY).any() else np.full(len(self._embeddings), START)


class _Names:
    """Several names for each of a row of things; each distinct text is compared once."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._count = len(rows)
        texts: dict[str, int] = {}
        pairs = [
            (texts.setdefault(name.casefold(), len(texts)), owner) for owner, row in enumerate(rows) for name in row
        ]
        self._texts = list(texts)
        self._lengths = np.array([len(text) for text in self._texts])
        self._of_text, self._of_owner = np.array(pairs, dtype=np.int64).reshape(-1, 2).T

    def scores(self, wanted: str) -> NDArray[np.float64]:
        """The best score of each thing's names, 0 to 100."""
        best = np.zeros(self._count)
        np.maximum.at(best, self._of_owner, self._score_texts(wanted)[self._of_text])
        return best

    def _score_texts(self, wanted: str) -> NDArray[np.float64]:
        exact = np.array([_exact(wanted, text) for text in self._texts])
        if exact.any() or not self._texts:
            return exact
        alike = process.cdist([wanted], self._texts, scorer=fuzz.partial_ratio, score_cutoff=MIN_SIMILARITY)[0]
        return alike * ALIKE * np.minimum(1.0, np.minimum(len(wanted), self._lengths) / CERTAIN_LETTERS)


def _exact(wanted: str, text: str) -> float:
    place = text.find(wanted)
    return 0.0 if place < 0 else START if place == 0 else PART


def score(typed: str, names: Iterable[str]) -> float:
    """How close a text is to the closest of some names, from 0 to 100."""
    wanted = typed.strip().casefold()
    return START if not wanted else float(_Names([tuple(names)]).scores(wanted)[0])
