"""Hints under a result, from the guide that this project implements. They never block anything.

The guide: 3 to 5 words of negative text go well with 1 to 3 embeddings; too many work against each other; a higher
CFG makes negatives stronger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from services.checkpoints import Checkpoint
from services.parameters import GenerationParameters
from services.planning.fit import Fit
from services.planning.picks import Pick
from services.prompting import CHUNK_TOKENS

#: more hints than this are not read
MAX_HINTS = 2
MANY_TERMS = 8
LOW_CFG = 3.0


def advise(parameters: GenerationParameters, checkpoint: Checkpoint, picks: Sequence[Pick]) -> tuple[str, ...]:
    """Up to two hints, the weightiest first."""
    hints = [*_lineage(picks, checkpoint), *_pairs(picks), *_amounts(parameters, checkpoint, picks)]
    return tuple(hints[:MAX_HINTS])


def _lineage(picks: Sequence[Pick], checkpoint: Checkpoint) -> Iterator[str]:
    for pick in picks:
        if pick.fit is Fit.OTHER_LINEAGE:
            yield (
                f"{pick.embedding.id} was made for {pick.embedding.lineage} models and {checkpoint.title} is "
                f"{checkpoint.lineage}: it works, but may pull the style."
            )


def _pairs(picks: Sequence[Pick]) -> Iterator[str]:
    for first, second in combinations(picks, 2):
        for one, other in ((first, second), (second, first)):
            entry = one.embedding.entry
            if entry is None:
                continue
            if other.embedding.id in entry.contains:
                yield f"{one.embedding.id} already contains {other.embedding.id}: one of them is enough."
            elif other.embedding.id in entry.conflicts:
                yield f"{one.embedding.id} and {other.embedding.id} aim at the same thing: try one at a time."
                break


def _amounts(parameters: GenerationParameters, checkpoint: Checkpoint, picks: Sequence[Pick]) -> Iterator[str]:
    if picks and parameters.cfg < LOW_CFG <= checkpoint.cfg:
        yield f"At CFG {parameters.cfg:g} negatives hardly matter; {checkpoint.cfg:g} makes them stronger."
    terms = [term for term in parameters.negative.split(",") if term.strip()]
    if picks and len(terms) > MANY_TERMS:
        yield f"{len(terms)} negative terms beside embeddings work against each other; 3 to 5 are plenty."
    for pick in picks:
        if pick.embedding.num_vectors == CHUNK_TOKENS:
            yield f"{pick.embedding.id} fills a whole chunk of 75 tokens, so your words stand in a second one."
