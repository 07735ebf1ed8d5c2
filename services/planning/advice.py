"""Hints under a result, from the guide that this project implements. A hint never blocks a request.

The guide: 3 to 5 words of negative text go well with 1 to 3 embeddings; too many embeddings work against each other; a
higher CFG makes negatives stronger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.choices import EmbeddingChoice
from services.parameters import GenerationParameters
from services.planning.fit import Fit
from services.planning.picks import Pick, instead
from services.prompting import CHUNK_TOKENS
from services.remedies import Hint, Remedy
from services.text import and_list, shorten

#: nobody reads more hints than this
MAX_HINTS = 2
MANY_TERMS, MOST_TERMS = 8, 5
LOW_CFG = 3.0


def advise(parameters: GenerationParameters, checkpoint: Checkpoint, picks: Sequence[Pick]) -> tuple[Hint, ...]:
    """Up to two hints, the most important first."""
    unknown = _unknown_words(parameters.prompt, checkpoint)
    hints = [*unknown, *_lineage(picks, checkpoint), *_pairs(picks), *_amounts(parameters, checkpoint, picks)]
    return tuple(hints[:MAX_HINTS])


def _unknown_words(prompt: str, checkpoint: Checkpoint) -> Iterator[Hint]:
    if not checkpoint.draws:
        return
    known = {form for word in (*checkpoint.draws, *checkpoint.knows) for form in (word, word.removesuffix("s"))}
    words = re.findall(r"[^\W\d_]{2,}", prompt.casefold())
    if unknown := [f"'{shorten(word)}'" for word in dict.fromkeys(words) if word not in known]:
        some = and_list(unknown[:3])
        yield Hint(f"{checkpoint.title} draws {and_list(checkpoint.draws)}; it doesn't know {some}.")


def _lineage(picks: Sequence[Pick], checkpoint: Checkpoint) -> Iterator[Hint]:
    for pick in picks:
        if pick.fit is Fit.OTHER_LINEAGE:
            yield Hint(
                f"{pick.embedding.id} was made for {pick.embedding.lineage} models and {checkpoint.title} is "
                f"{checkpoint.lineage}: it works, but may shift the style."
            )


def _pairs(picks: Sequence[Pick]) -> Iterator[Hint]:
    for first, second in combinations(picks, 2):
        for embedding, other in ((first.embedding, second.embedding), (second.embedding, first.embedding)):
            entry = embedding.entry
            if entry is None:
                continue
            if other.id in entry.contains:
                yield Hint(f"{embedding.id} already contains {other.id}; either is enough.", _without(other, picks))
            elif other.id in entry.conflicts:
                sentence = f"{embedding.id} and {other.id} target the same thing; try one at a time."
                yield Hint(sentence, _without(other, picks))
                break


def _without(embedding: InstalledEmbedding, picks: Sequence[Pick]) -> Remedy:
    rest = [EmbeddingChoice(pick.embedding.id, pick.strength) for pick in picks if pick.embedding is not embedding]
    return instead(f"Draw without {shorten(embedding.id, 60)}", rest)


def _amounts(parameters: GenerationParameters, checkpoint: Checkpoint, picks: Sequence[Pick]) -> Iterator[Hint]:
    if picks and parameters.cfg < LOW_CFG <= checkpoint.cfg:
        remedy = Remedy(f"Draw with CFG {checkpoint.cfg:g}", {"cfg": checkpoint.cfg})
        yield Hint(f"At CFG {parameters.cfg:g} negatives have little effect; try {checkpoint.cfg:g}.", remedy)
    terms = [term for term in parameters.negative.split(",") if term.strip()]
    if picks and len(terms) > MANY_TERMS:
        few = Remedy("Keep the first 5 terms", {"negative": ",".join(terms[:MOST_TERMS]).strip()})
        yield Hint(f"{len(terms)} negative terms on top of embeddings work against each other; 3 to 5 are plenty.", few)
    for pick in picks:
        if pick.embedding.num_vectors == CHUNK_TOKENS:  # conditionings aren't meant to share theirs
            yield Hint(
                f"{pick.embedding.id} fills a whole chunk of {CHUNK_TOKENS} tokens, so your words go into a second chunk."
            )
