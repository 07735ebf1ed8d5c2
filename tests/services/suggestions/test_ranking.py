"""The fast ranking against a slow and simple one, and its edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from embeddings.library import InstalledEmbedding
from services.matching import MIN_SIMILARITY
from services.planning.fit import Fit, fit_of, merit_of, usable_with
from services.suggestions.ranking import START, TARGET_SHARE, Habits, Ranking, score
from tests.builders import a_checkpoint, installed

MODEL = a_checkpoint(recommended=("washed",))
EMBEDDINGS = [
    installed("watermark", targets=("watermark", "text"), aliases=("stamp",), rank=2),
    installed("anatomy", targets=("deformed hands", "extra fingers"), rank=3),
    installed("washed", targets=("low contrast",), rank=9),
    installed("cast", targets=("tint", "water colours"), rank=9),
    installed("plain"),
    installed("other", Architecture.SD1, lineage="sd15"),
]
NAMES = [*(embedding.id for embedding in EMBEDDINGS), "gone"]


def ranked_slowly(typed: str, without: set[str], habits: Habits) -> list[InstalledEmbedding]:
    """The same rules, applied to one embedding at a time."""

    def closeness(embedding: InstalledEmbedding) -> float:
        names = score(typed, (embedding.id, embedding.title, *embedding.aliases))
        if not typed.strip() or not embedding.targets:
            return names
        return max(names, TARGET_SHARE * score(typed, embedding.targets))

    usable = usable_with(MODEL, EMBEDDINGS)
    close = {embedding.id: closeness(embedding) for embedding in usable}
    if all(points < MIN_SIMILARITY for points in close.values()):
        close = dict.fromkeys(close, START)
    ordered = sorted(
        (embedding for embedding in usable if close[embedding.id] >= MIN_SIMILARITY),
        key=lambda found: (
            -round(close[found.id] / 10),
            fit_of(found, MODEL) is Fit.OTHER_LINEAGE,
            -habits.liked.get(found.id, 0),
            merit_of(found, MODEL),
            -habits.uses.get(found.id, 0),
        ),
    )
    left = [embedding for embedding in ordered if embedding.content_hash not in without]
    return left or (ranked_slowly("", without, habits) if typed else left)


@given(
    typed=st.text(max_size=8) | st.sampled_from(["wat", "water", "hnads", "tnit", "stamp", "ast", " WASHED ", "a"]),
    uses=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9)),
    liked=st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1)),
    picked=st.sets(st.sampled_from([embedding.content_hash for embedding in EMBEDDINGS]), max_size=2),
    count=st.integers(0, 7),
)
def test_the_fast_ranking_finds_what_the_slow_one_finds(
    typed: str, uses: dict[str, int], liked: dict[str, float], picked: set[str], count: int
) -> None:
    habits = Habits(uses, liked)
    found = Ranking(MODEL, EMBEDDINGS).best(typed, count, without=picked, habits=habits)
    wanted = ranked_slowly(typed, picked, habits)
    assert [embedding.id for embedding in found] == [embedding.id for embedding in wanted[:count]]


@pytest.mark.parametrize(
    ("typed", "names", "points"),
    [
        ("", ["x"], 100),
        (" ", [], 100),
        ("wat", ["Watermark"], 100),
        ("MARK", ["watermark"], 95),
        ("x", [], 0),
        ("zzzz", ["watermark"], 0),
    ],
)
def test_the_start_of_a_name_counts_most_then_a_part_of_it(typed: str, names: list[str], points: float) -> None:
    assert score(typed, names) == points


def test_a_typing_error_counts_less_than_a_part_and_one_or_two_letters_hardly_count() -> None:
    assert MIN_SIMILARITY <= score("watermrak", ["watermark"]) < 95
    assert score("qw", ["watermark"]) < MIN_SIMILARITY
    assert score("watermark", ["a"]) < MIN_SIMILARITY


def test_an_empty_library_offers_nothing() -> None:
    assert list(Ranking(MODEL, []).best("any", 25, without=set(), habits=Habits({"gone": 3}, {"gone": 0.9}))) == []
    assert list(Ranking(MODEL, []).best("", 25, without=set(), habits=Habits())) == []
