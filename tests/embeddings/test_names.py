"""Spellings of the same name, and names that embeddings can't have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.names import MAX_NAME, name_key, name_problem


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("EasyNegative", "easynegative"),
        (" BadDream ", "baddream"),
        ("ＢａｄＤｒｅａｍ", "baddream"),
        ("schräg", "schra\u0308g"),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_a_name_share_a_key(name: str, spelling: str) -> None:
    assert name_key(name) == name_key(spelling)


@pytest.mark.parametrize(
    "name",
    ["EasyNegative", "bad-hands-5", "By bad artist -neg", "ng_deepnegative_v1_75t", "_x", "悪い手", "плохо", "bad+"],
)
def test_ordinary_names_are_accepted(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "0 characters"),
        ("a" * (MAX_NAME + 1), "65 characters"),
        ("Easy\u200bNegative", "invisible character"),
        ("bad\nname", "invisible character"),
        ("bad:0.8", "only letters, digits, spaces and"),
        ("bad, worse", "only letters, digits, spaces and"),
        ("EasyNegative (1)", "only letters, digits, spaces and"),
        ("@everyone", "only letters, digits, spaces and"),
        ("<@123>", "only letters, digits, spaces and"),
        ("..", "looks like a path"),
        (".hidden", "must start with a letter"),
        ("trailing ", "end with a space"),
        ("\u0415asyNegative", "mixes Latin and Cyrillic"),
        ("Easy\u039degative", "mixes Latin and Greek"),
    ],
)
def test_other_names_are_refused_with_a_reason(name: str, part: str) -> None:
    reason = name_problem(name)
    assert reason is not None
    assert part in reason
    assert "please rename the file" in reason


@pytest.mark.parametrize("name", ["none", "None", "NONE", "off", "Off", "-", "ｎｏｎｅ", "ＯＦＦ", "－", " none"])
def test_reserved_words_are_refused(name: str) -> None:
    reason = name_problem(name)
    assert reason is not None
    assert "is reserved" in reason
    assert "please rename the file" in reason


@pytest.mark.parametrize("name", ["none2", "nonegative", "off-hands", "on", "no"])
def test_names_that_only_contain_reserved_words_are_accepted(name: str) -> None:
    assert name_problem(name) is None


@given(st.text(max_size=80))
def test_any_text_is_accepted_or_refused_and_its_key_is_stable(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    if name_problem(name) is None:
        assert 1 <= len(name) <= MAX_NAME
        assert name.isprintable()
        assert not set(name) & set(':,()[]<>@`*/\\"')
