"""A1111's text whose line breaks and separators other programs changed."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.infotext.reader import Infotext, read_infotext

WORDS = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=8)
PHRASES = st.lists(WORDS, min_size=1, max_size=5).map(", ".join)
#: with what A1111 puts into quotes: commas, colons and line breaks
VALUES = WORDS | st.text(st.sampled_from('ab ,:|;\n{["\\'), min_size=1, max_size=12).map(str.strip).filter(bool)


def read(text: str) -> Infotext:
    found = read_infotext(text)
    assert found is not None, text
    return found


@given(
    prompt=PHRASES,
    negative=PHRASES | st.just(""),
    separator=st.sampled_from([", ", " | ", "; ", "\n"]),
    breaks=st.sampled_from(
        [("\n", "\n"), (" ", " "), (", ", " "), ("\n", " "), (" ", "\n"), ("\r\n", "\r\n"), ("\n\n", "\n\n")]
    ),
    sampler=WORDS,
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(8, 2048), st.integers(8, 2048)),
)
@example(prompt="a", negative="b", separator=" | ", breaks=("\n", "\n"), sampler="euler", seed=1, size=(8, 8))
def test_settings_never_end_up_in_a_prompt(
    prompt: str, negative: str, separator: str, breaks: tuple[str, str], sampler: str, seed: int, size: tuple[int, int]
) -> None:
    settings = ("Steps: 20", f"Sampler: {sampler}", "CFG scale: 7.5", f"Seed: {seed}", f"Size: {size[0]}x{size[1]}")
    middle = f"{breaks[0]}Negative prompt: {negative}" if negative else ""
    if separator == "\n" and breaks[1] == " ":
        breaks = (breaks[0], "\n")
    found = read(f"{prompt}{middle}{breaks[1]}{separator.join(settings)}")
    assert found.prompt.rstrip(",") == prompt
    assert found.negative == negative
    assert (found.steps, found.sampler, found.cfg, found.seed) == (20, sampler, 7.5, seed)
    assert found.size == f"{size[0]}x{size[1]}"
    assert found.rest == ""


@given(prompt=PHRASES, negative=PHRASES, value=VALUES, place=st.integers(1, 4), is_escaped=st.booleans())
@example(prompt="a", negative="b", value="x\ny, Steps: 5, Seed: 3, Size: 9x9", place=2, is_escaped=False)
@example(prompt="a", negative="b", value="Steps: 5, Seed: 3, Size: 9x9\nNegative prompt: x", place=4, is_escaped=False)
def test_a_quoted_value_may_go_on_over_several_lines(
    prompt: str, negative: str, value: str, place: int, is_escaped: bool
) -> None:
    quoted = json.dumps(value)
    settings = ["Steps: 20", "Sampler: Euler", "CFG scale: 7", "Seed: 11"]
    settings.insert(place, f"Wildcard prompt: {quoted if is_escaped else quoted.replace(chr(92) + 'n', chr(10))}")
    found = read(f"{prompt}\nNegative prompt: {negative}\n{', '.join(settings)}")
    assert (found.prompt, found.negative, found.steps, found.seed) == (prompt, negative, 20, 11)
    assert "Wildcard prompt" in found.keys


@pytest.mark.parametrize(
    ("text", "rest", "keys"),
    [
        (
            "a\nSteps: 20, Sampler: Euler, Seed: 1\nTemplate: {a|b}\nNegative Template: c",
            "",
            ("Template", "Negative Template"),
        ),
        ("a\nSteps: 20, Sampler: Euler, Seed: 1\nmade by ana", "made by ana", ()),
        ("a\nNegative prompt: b\nSteps: 20\nmade by ana", "made by ana", ()),
    ],
)
def test_what_follows_the_settings_is_kept(text: str, rest: str, keys: tuple[str, ...]) -> None:
    found = read(text)
    assert (found.prompt, found.steps, found.rest) == ("a", 20, rest)
    assert set(keys) <= set(found.keys)


@pytest.mark.parametrize("settings", ["Steps: 20", "Seed: 11, Steps: 20", "Size: 64x64\nSteps: 20"])
@pytest.mark.parametrize("line_break", ["\n", " "])
def test_after_a_negative_prompt_few_settings_are_enough(settings: str, line_break: str) -> None:
    if line_break == " " and not settings.startswith("Steps"):
        return
    found = read(f"a fish\nNegative prompt: blurry{line_break}{settings}")
    assert (found.prompt, found.negative, found.steps) == ("a fish", "blurry", 20)


def test_a_prompt_may_have_words_that_look_like_settings() -> None:
    prompt = "portrait: a woman, mood: calm, light: soft\nSize: huge, Steps: 3, Seed: 1"
    found = read(f"{prompt}\nNegative prompt: style: bad\nSteps: 20, Sampler: Euler, Seed: 11")
    assert (found.prompt, found.negative, found.seed) == (prompt, "style: bad", 11)


@pytest.mark.parametrize(
    "text",
    [
        'Steps: "' * 8000,
        'Steps: "\n' * 7000,
        'Steps: "\\" ' * 6000,
        'Steps: "\n", ' * 5000,
        "Steps: 1 " * 7000,
        "Steps: 1, " * 6500,
        "a Steps: 1, b, c\n" * 3500,
        "Negative prompt: " * 3800,
        "Seed: 1\n" * 8000,
        "a; b| c, " * 7000,
        "Model: x | " * 6000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_crafted_texts_take_no_longer_than_others(text: str) -> None:
    started = time.process_time()
    read_infotext(text)
    read_infotext(f"{text}\nNegative prompt: {text[:30_000]}\nSteps: 20, Sampler: Euler, Seed: 11")
    assert time.process_time() - started < 2
