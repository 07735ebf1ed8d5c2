"""Names that mean the same, and names that cannot be typed or are taken for others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.names import MAX_NAME, name_key, why_not_a_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("EasyNegative", "easynegative"),
        (" BadDream ", "baddream"),
        ("ＢａｄＤｒｅａｍ", "baddream"),
        ("schräg", "schra\u0308g"),
        ("STRASSE", "straße"),
    ],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    "name",
    ["EasyNegative", "bad-hands-5", "By bad artist -neg", "ng_deepnegative_v1_75t", "_x", "悪い手", "плохо", "bad+"],
)
def test_ordinary_names_are_names(name: str) -> None:
    assert why_not_a_name(name) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "0 characters"),
        ("a" * (MAX_NAME + 1), "65 characters"),
        ("Easy\u200bNegative", "hard to type"),
        ("bad\nname", "hard to type"),
        ("bad:0.8", "hard to type"),
        ("bad, worse", "hard to type"),
        ("EasyNegative (1)", "hard to type"),
        ("@everyone", "hard to type"),
        ("<@123>", "hard to type"),
        ("..", "hard to type"),
        (".hidden", "hard to type"),
        ("trailing ", "hard to type"),
        ("\u0415asyNegative", "mixes Latin and Cyrillic"),
        ("Easy\u039degative", "mixes Latin and Greek"),
    ],
)
def test_other_names_are_refused_with_the_remedy(name: str, part: str) -> None:
    reason = why_not_a_name(name)
    assert reason is not None
    assert part in reason
    assert "please rename the file" in reason


@given(st.text(max_size=80))
def test_any_text_is_judged_and_its_key_is_stable(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)
    if why_not_a_name(name) is None:
        assert 1 <= len(name) <= MAX_NAME
        assert name.isprintable()
        assert not set(name) & set(':,()[]<>@`*/\\"')
