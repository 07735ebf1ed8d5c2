"""Embeddings among the words of a negative prompt."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.prompting.emphasis import parse_emphasis
from services.prompting.mentions import Mention, take_leading, take_mentions

KNOWN = {"easynegative", "badhandv4", "by bad artist"}


def taken(text: str) -> tuple[list[tuple[str, Any]], str]:
    mentions, rest = take_mentions(text, lambda name, _: name.casefold() in KNOWN)
    return [(mention.name, pytest.approx(mention.weight)) for mention in mentions], rest


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
        ("(embedding:EasyNegative:0.8), b", [("EasyNegative", 0.8)], "b"),
        ("EasyNegative:0.8, <badhandv4>", [("EasyNegative", 0.8), ("badhandv4", 1)], ""),
        ("ugly,\nby bad artist\nold", [("by bad artist", 1)], "ugly,\nold"),
        ("(a) EasyNegative (b)", [("EasyNegative", 1)], "(a) (b)"),
        (r"\(EasyNegative\), ugly", [], r"\(EasyNegative\), ugly"),
        # without commas between them, and commas of other scripts
        ("easynegative badhandv4 blurry", [("easynegative", 1), ("badhandv4", 1)], "blurry"),
        ("ugly easynegative, b", [("easynegative", 1)], "ugly, b"),
        ("sketch by bad artist x", [("by bad artist", 1)], "sketch x"),
        ("(ugly easynegative:1.2), x", [("easynegative", 1.2)], "(ugly:1.2), x"),
        ("EasyNegative，badhandv4、blurry", [("EasyNegative", 1), ("badhandv4", 1)], "blurry"),
        ("ugly，EasyNegative", [("EasyNegative", 1)], "ugly"),
        ("EasyNegative BREAK badhandv4, x", [("EasyNegative", 1), ("badhandv4", 1)], "x"),
        ("EasyNegative(blurry)", [("EasyNegative", 1)], "(blurry)"),
        ("x(EasyNegative)y", [("EasyNegative", 1.1)], "x y"),
        # InvokeAI's and SwarmUI's
        ("EasyNegative++ <badhandv4>1.2, x", [("EasyNegative", 1.21), ("badhandv4", 1.2)], "x"),
        ("(badhandv4)0.7 x", [("badhandv4", 0.7)], "x"),
        ("EasyNegative- x", [("EasyNegative", 0.9)], "x"),
        ("<embed:EasyNegative>, x", [("EasyNegative", 1)], "x"),
        ("'EasyNegative'.", [("EasyNegative", 1)], ""),
        ("EasyNegatives, notbadhandv4", [], "EasyNegatives, notbadhandv4"),
        ("", [], ""),
    ],
)
def test_terms_that_are_embeddings_are_taken_and_the_rest_stays(
    text: str, mentions: list[tuple[str, float]], rest: str
) -> None:
    assert taken(text) == (mentions, rest)


def test_what_other_programs_switch_on_the_way_is_marked() -> None:
    mentions, rest = take_mentions("[EasyNegative:0.5], [a:b:0.3]", lambda name, _: name == "EasyNegative")
    assert (mentions, rest) == ([Mention("EasyNegative", 1.0, is_scheduled=True)], "[a:b:0.3]")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("motion blur", "motion blur"),
        ("blur, x", "x"),
        ("(blur), x", "x"),
        ("motion embedding:blur", "motion"),
        ("motion <blur>", "motion"),
        ("(motion blur:1.2), (motion, blur)", "(motion blur:1.2), (motion)"),
    ],
)
def test_an_ordinary_word_is_a_name_only_alone_or_marked(text: str, rest: str) -> None:
    assert take_mentions(text, lambda name, is_alone: name == "blur" and is_alone)[1] == rest


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        # ":1.2" isn't a weight before a comma, but would be one before the closing bracket
        ("(blurry:1.2, EasyNegative)", "(blurry:1.2:1.1)"),
        ("[blurry:1.2, EasyNegative]", "(blurry:1.2:0.9091)"),
        ("(blurry:1.2, EasyNegative:1.5)", "(blurry:1.2:1.5)"),
        ("((blurry:1.2, EasyNegative))", "((blurry:1.2:1.1))"),
        ("(blurry, EasyNegative)", "(blurry)"),
        ("[blurry, EasyNegative]", "[blurry]"),
    ],
)
def test_the_rest_of_a_group_keeps_its_weight(text: str, rest: str) -> None:
    assert taken(text)[1] == rest


@given(st.text("ab ,:()[]\\\n.1", max_size=80))
def test_text_without_embeddings_stays_as_it_is(text: str) -> None:
    assert take_mentions(text, lambda *_: False) == ([], text)


@given(st.text("ab ,:()[]\\\n.1", max_size=80))
def test_any_text_can_be_searched_and_what_is_taken_leaves_it(text: str) -> None:
    mentions, rest = take_mentions(text, lambda name, _: name == "a")
    assert rest.count("a") <= text.count("a") - len(mentions)
    assert rest.count("b") == text.count("b")


def weights_of(letter: str, text: str) -> list[Any]:
    """The weight of each occurrence of a letter, by the emphasis around it."""
    return [
        pytest.approx(passage.weight, rel=1e-3)
        for passage in parse_emphasis(text)
        for character in passage.text
        if character == letter
    ]


_ITEM = st.sampled_from(
    [
        "a",
        "b",
        "b a",
        "a b:1.2",
        "b a b",
        "b:1.2",
        "b:.5",
        "b b",
        "(b:1.3)",
        "[b]",
        "(a)",
        "a:0.8",
        r"b\(",
        "b: 1.",
        "B",
    ]
)
_GROUP = st.recursive(
    _ITEM,
    lambda inner: st.builds(
        lambda terms, brackets: brackets.format(", ".join(terms)),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(["({})", "[{}]", "({}:1.4)", "({}:0.7)", "(({}))"]),
    ),
    max_leaves=8,
)


@given(st.lists(_GROUP, min_size=1, max_size=3).map(", ".join))
@example("(b:1.2, a)")
@example("[b:1.2, a]")
def test_words_keep_their_weights_whatever_is_taken_from_beside_them(text: str) -> None:
    _, rest = take_mentions(text, lambda name, _: name == "a")
    assert weights_of("b", rest) == weights_of("b", text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60000,
        "(" * 30000 + ")" * 30000,
        "(a," * 20000,
        "((((((((a))))))))," * 3500,
        "((((((((a, b))))))))," * 1500,
        "(a:" + "1:" * 30000 + ")",
        "[:1" * 20000 + "]" * 20000,
    ],
    ids=lambda text: text[:20],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    assert take_mentions(text, lambda *_: False) == ([], text)
    assert time.process_time() - started < 3


def test_text_that_this_program_wrote_is_split_to_the_letter() -> None:
    text = "a, (b:0.7), ,  a,"
    assert take_leading(text, ["a", "b"]) == ([Mention("a", 1), Mention("b", 0.7)], ",  a,")
    assert take_leading("a", ["a"]) == ([Mention("a", 1)], "")
    assert take_leading("x", []) == ([], "x")


@pytest.mark.parametrize("text", ["b, a", "ab", "(a:x)", "(a:1e)", ""])
def test_text_that_was_changed_by_hand_is_not_taken_for_our_own(text: str) -> None:
    assert take_leading(text, ["a"]) is None
