"""The quick ranking against a slow and plain one, and its edges."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from embeddings.library import InstalledEmbedding
from services.matching import MIN_SIMILARITY
from services.planning.fit import merit_of, usable_with
from services.suggestions.ranking import START, TARGET_SHARE, Ranking, score
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


def plainly(typed: str, without: set[str], uses: Mapping[str, int]) -> list[InstalledEmbedding]:
    """The same rules, one embedding at a time."""

    def closeness(one: InstalledEmbedding) -> float:
        names = score(typed, (one.id, one.title, *one.aliases))
        return max(names, TARGET_SHARE * score(typed, one.targets)) if typed.strip() and one.targets else names

    usable = usable_with(MODEL, EMBEDDINGS)
    related = [one for one in usable if closeness(one) >= MIN_SIMILARITY]
    if not related:
        related, closeness = usable, lambda one: START
    ordered = sorted(related, key=lambda one: (-round(closeness(one) / 10), merit_of(one, MODEL), -uses.get(one.id, 0)))
    left = [one for one in ordered if one.content_hash not in without]
    return left or (plainly("", without, uses) if typed else left)


@given(
    typed=st.text(max_size=8) | st.sampled_from(["wat", "water", "hnads", "tnit", "stamp", "ast", " WASHED ", "a"]),
    uses=st.dictionaries(st.sampled_from([one.id for one in EMBEDDINGS] + ["gone"]), st.integers(0, 9)),
    picked=st.sets(st.sampled_from([one.content_hash for one in EMBEDDINGS]), max_size=2),
    count=st.integers(0, 7),
)
def test_the_quick_way_finds_what_the_plain_way_finds(
    typed: str, uses: dict[str, int], picked: set[str], count: int
) -> None:
    found = Ranking(MODEL, EMBEDDINGS).best(typed, count, without=picked, uses=uses)
    wanted = plainly(typed, picked, uses)
    assert [one.id for one in found] == [one.id for one in wanted[:count]]


@pytest.mark.parametrize(
    ("typed", "names", "points"),
    [
        ("", ["x"], 100), (" ", [], 100), ("wat", ["Watermark"], 100), ("MARK", ["watermark"], 95),
        ("x", [], 0), ("zzzz", ["watermark"], 0),
    ],
)  # fmt: skip
def test_a_start_counts_most_then_a_part(typed: str, names: list[str], points: float) -> None:
    assert score(typed, names) == points


def test_a_typing_error_counts_less_than_a_part_and_a_letter_or_two_hardly_at_all() -> None:
    assert MIN_SIMILARITY <= score("watermrak", ["watermark"]) < 95
    assert score("qw", ["watermark"]) < MIN_SIMILARITY
    assert score("watermark", ["a"]) < MIN_SIMILARITY


def test_an_empty_library_offers_nothing() -> None:
    assert list(Ranking(MODEL, []).best("any", 25, without=set(), uses={"gone": 3})) == []
    assert list(Ranking(MODEL, []).best("", 25, without=set(), uses={})) == []
