"""Fuzzy matching of names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matching import closest

NAMES = ["EasyNegative", "bad-hands-5", "negative_hand", "BadDream", "watermark"]


def test_typos_are_forgiven() -> None:
    assert closest("watermrak", NAMES)[0] == "watermark"
    assert closest("easynegativ", NAMES)[0] == "EasyNegative"


def test_case_is_ignored() -> None:
    assert closest("BADDREAM", NAMES)[0] == "BadDream"


def test_without_a_similar_name_the_first_ones_are_suggested() -> None:
    assert closest("zzzzqqqq", NAMES, limit=2) == NAMES[:2]


def test_without_names_nothing_is_suggested() -> None:
    assert closest("anything", []) == []


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=8), st.integers(1, 5))
def test_only_existing_names_are_suggested_and_no_more_than_the_limit(typed: str, names: list[str], limit: int) -> None:
    found = closest(typed, names, limit)
    assert len(found) <= limit
    assert set(found) <= set(names)
    assert bool(found) == bool(names)
