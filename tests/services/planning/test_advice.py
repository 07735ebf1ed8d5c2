"""Each hint is given where it helps, and only there."""

from __future__ import annotations

import pytest

from embeddings.architecture import Architecture
from embeddings.library import InstalledEmbedding
from services.checkpoints import Checkpoint
from services.planning.advice import LOW_CFG, MANY_TERMS, MAX_HINTS, advise
from services.planning.fit import fit_of
from services.planning.picks import Pick
from tests.builders import a_checkpoint, a_plan, installed

DEMO = a_checkpoint(cfg=6.0)


def hints(*embeddings: InstalledEmbedding, model: Checkpoint = DEMO, **plan) -> tuple[str, ...]:
    picks = [Pick(embedding, embedding.strength, fit_of(embedding, model)) for embedding in embeddings]
    found = advise(a_plan(**{"cfg": 6.0, "negative": "", **plan}), model, picks)
    return tuple(hint.text for hint in found)


def test_an_ordinary_plan_needs_no_hint() -> None:
    assert hints(installed("blur"), installed("tint"), negative="blurry, watermark, low contrast") == ()


@pytest.mark.parametrize(
    ("prompt", "hint"),
    [
        ("a cat in the snow", "Demo draws houses and fish; it doesn't know 'cat'."),
        ("three big cats, 4k, fishes", "Demo draws houses and fish; it doesn't know 'three', 'big' and 'cats'."),
        ("a House in the (snow:1.2)", ""),
        ("fish in snow", ""),
        ("", ""),
    ],
)
def test_a_model_that_knows_few_words_says_so(prompt: str, hint: str) -> None:
    small = a_checkpoint(cfg=6.0, draws=("houses", "fish"), knows=("in", "the", "snow"))
    assert hints(model=small, prompt=prompt) == ((hint,) if hint else ())


def test_another_lineage_is_mentioned() -> None:
    model = a_checkpoint("real", Architecture.SD1, title="Real", lineage="realistic", cfg=6.0)
    (hint,) = hints(installed("toon", Architecture.SD1, lineage="anime"), model=model)
    assert hint.startswith("toon was made for anime models and Real is realistic")
    assert hints(installed("real-one", Architecture.SD1, lineage="realistic"), model=model) == ()


@pytest.mark.parametrize("swapped", [False, True])
def test_an_embedding_that_contains_another_is_mentioned_once_in_either_order(swapped: bool) -> None:
    pair = [installed("all", contains=("blur",)), installed("blur")]
    (hint,) = hints(*(reversed(pair) if swapped else pair))
    assert hint == "all already contains blur; either is enough."
    assert hints(pair[0], installed("tint")) == ()


def test_conflicting_embeddings_are_mentioned_once() -> None:
    pair = (installed("hands", conflicts=("fingers",)), installed("fingers", conflicts=("hands",)))
    assert hints(*pair) == ("hands and fingers target the same thing; try one at a time.",)


def test_a_low_cfg_is_mentioned() -> None:
    assert hints(installed("blur"), cfg=LOW_CFG - 0.5) == ("At CFG 2.5 negatives have little effect; try 6.",)
    assert hints(installed("blur"), cfg=LOW_CFG) == ()
    assert hints(cfg=1.5) == ()


def test_a_low_cfg_is_not_mentioned_if_it_suits_the_model() -> None:
    assert hints(installed("blur"), model=a_checkpoint("low", cfg=2.0), cfg=2.0) == ()


def test_many_terms_on_top_of_embeddings_are_mentioned() -> None:
    terms = ", ".join(f"bad {number}" for number in range(MANY_TERMS))
    assert hints(installed("blur"), negative=terms + ", , ") == ()
    assert hints(installed("blur"), negative=terms + ", one more")[0].startswith(
        "9 negative terms on top of embeddings"
    )
    assert hints(negative=terms + ", one more") == ()


def test_an_embedding_that_fills_a_chunk_is_mentioned() -> None:
    assert hints(installed("huge", vectors=75))[0].startswith("huge fills a whole chunk of 75 tokens")
    assert hints(installed("large", vectors=74)) == ()


def test_there_are_at_most_two_hints_the_most_important_first() -> None:
    all_hints = hints(
        installed("all", vectors=75, contains=("blur",)), installed("blur"), cfg=1.5, negative=", ".join("abcdefghijkl")
    )
    assert len(all_hints) == MAX_HINTS
    assert "already contains" in all_hints[0]
