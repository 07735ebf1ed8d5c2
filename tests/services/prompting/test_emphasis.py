"""A1111's emphasis: examples from its published rule, and a second, character-by-character implementation."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.prompting import Passage, parse_emphasis
from services.prompting.emphasis import MAX_WEIGHT

#: factors of round and square brackets
R, S = 1.1, 1 / 1.1


def passages(prompt: str) -> list[tuple[str, float]]:
    return [(passage.text, passage.weight) for passage in parse_emphasis(prompt)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", R), (" word", 1.0)]),
        ("(very:1.3) big", [("very", 1.3), (" big", 1.0)]),
        ("[less] of it", [("less", S), (" of it", 1.0)]),
        ("((twice))", [("twice", R * R)]),
        ("[[twice]]", [("twice", S * S)]),
        ("[(both)]", [("both", R * S)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", R)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        ("(unbalanced", [("unbalanced", R)]),
        ("[unbalanced", [("unbalanced", S)]),
        ("((half) open", [("half", R * R), (" open", R)]),
        ("closed) only]", [("closed) only]", 1.0)]),
        ("no bracket:1.3)", [("no bracket:1.3)", 1.0)]),
        ("[square:1.3]", [("square:1.3", S)]),
        ("(spaces : 1.25 )", [("spaces ", 1.25)]),
        ("(a:.5)(b:2.)(c:+3)(d:-1)", [("a", 0.5), ("b", 2.0), ("c", 3.0), ("d", -1.0)]),
        ("(zero:0)", [("zero", 0.0)]),
        ("(no number:x)", [("no number:x", R)]),
        ("(two:dots:1.2)", [("two:dots", 1.2)]),
        ("(1.2.3:1.2.3)", [("1.2.3:1.2.3", R)]),
        ("time 12:30", [("time 12:30", 1.0)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"(fish \(red\):1.2)", [("fish (red)", 1.2)]),
        (r"a \[b\] \\ c", [(r"a [b] \ c", 1.0)]),
        (r"(a\:1.2)", [("a\\", 1.2)]),
        # the two kinds of brackets needn't nest within each other
        ("(a [b) c]", [("a ", R), ("b", R * S), (" c", S)]),
        ("[a (b] c)", [("a ", S), ("b", S * R), (" c", R)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.3 * R * R),
                (" ", R),
                ("on", S * R),
                (" a ", R),
                ("hill", 0.5 * R),
                (", sun, ", R),
                ("sky", R * R * R * R),
                (".", R),
            ],
        ),
    ],
)
def test_weights_follow_the_published_rule(prompt: str, expected: list[tuple[str, float]]) -> None:
    found = passages(prompt)
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in expected], rel=1e-12)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a BREAK b", [("a", 1.0), ("", 1.0), ("b", 1.0)]),
        ("a, BREAK\n b", [("a,", 1.0), ("", 1.0), ("b", 1.0)]),
        ("BREAK", [("", 1.0)]),
        ("BREAK BREAK", [("", 1.0), ("", 1.0)]),
        ("(a BREAK b:1.2) c", [("a", 1.2), ("", 1.0), ("b", 1.2), (" c", 1.0)]),
        ("BREAKfast, break, OUTBREAK", [("BREAKfast, break, OUTBREAK", 1.0)]),
    ],
)
def test_a_break_is_a_passage_of_its_own_without_weight(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert passages(prompt) == expected
    assert [passage.is_break for passage in parse_emphasis(prompt)] == [text == "" for text, _ in expected]


@pytest.mark.parametrize("prompt", [r"c:\new", r"\o/", "trailing \\", r"\BREAKs"])
def test_a_backslash_before_anything_but_a_bracket_is_an_ordinary_character(prompt: str) -> None:
    # A1111 drops such a backslash; we keep everything that was typed
    assert parse_emphasis(prompt) == [Passage(prompt)]


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e5", "99999999"])
def test_an_extreme_weight_stays_finite(number: str) -> None:
    for prompt in (f"(a:{number})", f"((a:0):{number})", f"((a:{number}):{number})"):
        assert all(abs(weight) <= MAX_WEIGHT for _, weight in passages(prompt))


Letters = list[tuple[str, float]]


def letter_by_letter(prompt: str) -> Letters:
    """The rule applied one character at a time: every character with its weight; a BREAK is an empty character."""
    prompt = re.sub(r"\s*\bBREAK\b\s*", "\ue000", prompt)
    letters: Letters = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    at = 0
    while at < len(prompt):
        letter, following = prompt[at], prompt[at + 1 : at + 2]
        number = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)").match(prompt, at)
        if letter == "\\" and following and following in "()[]\\":
            letters.append((following, 1.0))
            at += 1
        elif letter in opened:
            opened[letter].append(len(letters))
        elif number and opened["("]:
            weigh(letters, opened["("].pop(), float(number[1]))
            at = number.end() - 1
        elif letter in CLOSED and opened[CLOSED[letter][0]]:
            weigh(letters, opened[CLOSED[letter][0]].pop(), CLOSED[letter][1])
        else:
            letters.append((letter.strip("\ue000"), 1.0))
        at += 1
    for bracket, factor in CLOSED.values():
        for start in opened[bracket]:
            weigh(letters, start, factor)
    return letters


CLOSED = {")": ("(", R), "]": ("[", S)}


def weigh(letters: Letters, start: int, factor: float) -> None:
    letters[start:] = [(letter, weight * factor if letter else 1.0) for letter, weight in letters[start:]]


PIECES = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        ":",
        "\\",
        " ",
        ",",
        "a",
        "fish",
        ":1.2)",
        ": .5 )",
        ":-1)",
        "1.3",
        "BREAK",
        " BREAK ",
        "é",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
@example("(\\\\)BREAK:1.2)")
def test_every_character_has_the_weight_from_the_rule(prompt: str) -> None:
    found = [(letter, passage.weight) for passage in parse_emphasis(prompt) for letter in (passage.text or [""])]
    expected = letter_by_letter(prompt)
    assert [letter for letter, _ in found] == [letter for letter, _ in expected]
    assert all(math.isclose(ours, theirs) for (_, ours), (_, theirs) in zip(found, expected, strict=True))


@given(st.text(max_size=200))
def test_any_prompt_can_be_parsed_and_neighbours_differ_in_weight(prompt: str) -> None:
    found = parse_emphasis(prompt)
    assert all(math.isfinite(passage.weight) for passage in found)
    for left, right in pairwise(found):
        assert left.is_break or right.is_break or left.weight != right.weight


@given(st.text(st.characters(exclude_characters="()[]:\\"), max_size=60).filter(lambda text: "BREAK" not in text))
def test_text_without_brackets_is_unchanged(prompt: str) -> None:
    assert parse_emphasis(prompt) == ([Passage(prompt)] if prompt else [])


@given(st.text(max_size=60).filter(lambda text: "BREAK" not in text))
def test_escaped_brackets_are_ordinary_characters(text: str) -> None:
    escaped = re.sub(r"([()\[\]\\])", r"\\\1", text)
    assert parse_emphasis(escaped) == ([Passage(text)] if text else [])
