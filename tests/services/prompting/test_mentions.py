"""Embeddings amid the words of a negative prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.prompting.mentions import Mention, take_leading, take_mentions

KNOWN = {"easynegative", "badhandv4", "by bad artist"}


def taken(text: str) -> tuple[list[tuple[str, object]], str]:
    mentions, rest = take_mentions(text, lambda name: name.casefold() in KNOWN)
    return [(one.name, pytest.approx(one.weight)) for one in mentions], rest


@pytest.mark.parametrize(
    ("text", "mentions", "rest"),
    [
        ("EasyNegative, (badhandv4:0.8), blurry", [("EasyNegative", 1), ("badhandv4", 0.8)], "blurry"),
        ("EasyNegative", [("EasyNegative", 1)], ""),
        ("blurry,low  q, easynegative ,x", [("easynegative", 1)], "blurry,low  q,x"),
        ("((EasyNegative)), [badhandv4]", [("EasyNegative", 1.21), ("badhandv4", 1 / 1.1)], ""),
        ("(EasyNegative, blurry:1.2), a", [("EasyNegative", 1.2)], "(blurry:1.2), a"),
        ("(a), (b, (badhandv4:1.5):1.1)", [("badhandv4", 1.65)], "(a), (b:1.1)"),
        ("embedding:EasyNegative, b", [("EasyNegative", 1)], "b"),
        ("ugly,\nby bad artist\nold", [("by bad artist", 1)], "ugly,\nold"),
        ("(a) EasyNegative (b)", [], "(a) EasyNegative (b)"),
        (r"\(EasyNegative\), ugly", [], r"\(EasyNegative\), ugly"),
        ("EasyNegatives, notbadhandv4", [], "EasyNegatives, notbadhandv4"),
        ("", [], ""),
    ],
)
def test_terms_that_are_embeddings_are_taken_and_the_rest_stays(
    text: str, mentions: list[tuple[str, float]], rest: str
) -> None:
    assert taken(text) == (mentions, rest)


@given(st.text("ab ,:()[]\\\n.1", max_size=80))
def test_text_without_embeddings_stays_as_it_is(text: str) -> None:
    assert take_mentions(text, lambda name: False) == ([], text)


@given(st.text("ab ,:()[]\\\n.1", max_size=80))
def test_no_text_raises_and_nothing_taken_stays(text: str) -> None:
    mentions, rest = take_mentions(text, lambda name: name == "a")
    assert rest.count("a") <= text.count("a") - len(mentions)
    assert rest.count("b") == text.count("b")


@pytest.mark.parametrize("text", ["(" * 60000, "(" * 30000 + ")" * 30000, "(a," * 20000])
def test_brackets_without_end_are_words(text: str) -> None:
    assert take_mentions(text, lambda name: False) == ([], text)


def test_what_this_program_wrote_is_taken_apart_to_the_letter() -> None:
    text = "a, (b:0.7), ,  a,"
    assert take_leading(text, ["a", "b"]) == ([Mention("a", 1), Mention("b", 0.7)], ",  a,")
    assert take_leading("a", ["a"]) == ([Mention("a", 1)], "")
    assert take_leading("x", []) == ([], "x")


@pytest.mark.parametrize("text", ["b, a", "ab", "(a:x)", "(a:1e)", ""])
def test_what_was_changed_by_hand_is_not_taken_for_it(text: str) -> None:
    assert take_leading(text, ["a"]) is None
