"""Fit text into the room there is: never too long, and always with a sign that something is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.text import ELLIPSIS, QUOTED, and_list, and_more, join_some, plain_number, plural, shorten

texts = st.text(max_size=60)


@given(texts, st.integers(1, 70))
def test_a_shortened_text_is_the_text_or_its_start_and_an_ellipsis(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        assert len(short) == limit
        assert short.endswith(ELLIPSIS)
        assert text.startswith(short.removesuffix(ELLIPSIS))


def test_quotes_in_sentences_are_short() -> None:
    assert shorten("x" * 41) == "x" * (QUOTED - 1) + ELLIPSIS
    assert shorten("x" * 40) == "x" * 40


@given(st.lists(st.text("abc ", max_size=20), max_size=12), st.integers(1, 90), st.sampled_from([", ", " · ", "\n"]))
def test_joined_items_are_all_or_the_first_ones_and_how_many_more(items: list[str], limit: int, separator: str) -> None:
    joined = join_some(items, limit, separator=separator)
    assert len(joined) <= limit
    if len(separator.join(items)) <= limit:
        assert joined == separator.join(items)
        return
    assert ELLIPSIS in joined
    if joined.endswith(" more"):
        *shown, rest = joined.split(separator + ELLIPSIS)
        left = int(rest.removeprefix(" and ").removesuffix(" more"))
        assert separator.join(shown) == separator.join(items[: len(items) - left])


def test_items_are_counted_as_soon_as_one_does_not_fit() -> None:
    assert join_some(["aaa", "bbb", "ccc"], 13) == "aaa, bbb, ccc"
    assert join_some(["aaa", "bbb", "ccc", "ddd"], 17) == "aaa, … and 3 more"
    assert join_some(["a" * 50, "b"], 20) == "a" * 19 + ELLIPSIS
    assert join_some([], 20) == ""


def test_small_words_agree_with_what_they_count() -> None:
    assert [and_list(items) for items in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert [plural(count, "preset") for count in (0, 1, 2)] == ["0 presets", "1 preset", "2 presets"]
    assert and_more(3) == "… and 3 more"


@pytest.mark.parametrize(("value", "written"), [(6.0, "6"), (6.25, "6.25"), (6, "6"), ("6.0", "6.0"), (-0.5, "-0.5")])
def test_numbers_are_written_as_people_type_them(value: object, written: str) -> None:
    assert plain_number(value) == written
