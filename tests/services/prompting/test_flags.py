"""Settings behind a prompt, as Midjourney's users write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.prompting.flags import Flags, take_flags


@pytest.mark.parametrize(
    ("prompt", "flags"),
    [
        ("a red fish", Flags("a red fish")),
        ("a red fish --ar 2:3", Flags("a red fish", size="2:3")),
        ("a red fish --aspect 16:9 --seed 5", Flags("a red fish", size="16:9", seed=5)),
        ("a fish --no blur, text --seed 7", Flags("a fish", negative="blur, text", seed=7)),
        ("a fish, --no blur --no text", Flags("a fish", negative="blur, text")),
        ("a fish —no blur —ar 1:1", Flags("a fish", negative="blur", size="1:1")),
        ("--no blur a fish", Flags("", negative="blur a fish")),
        ("a fish --seed 5 in the sea", Flags("a fish in the sea", seed=5)),
        ("a fish --seed 1 --seed 2", Flags("a fish", seed=2)),
        ("a fish --no blur --v 6", Flags("a fish --v 6", negative="blur")),
        # not how these are written: they stay, and a hint says that they are words
        ("a fish --seed five", Flags("a fish --seed five")),
        ("a fish --ar wide --stylize 50", Flags("a fish --ar wide --stylize 50")),
        ("a fish--no blur", Flags("a fish--no blur")),
        ("a fish --no", Flags("a fish --no")),
        ("a fish --noise 3", Flags("a fish --noise 3")),
    ],
)
def test_flags(prompt: str, flags: Flags) -> None:
    assert take_flags(prompt) == flags


@given(st.text(st.sampled_from("ab —–-no:ar2 seed,\n")))
def test_no_prompt_breaks_it_and_none_without_a_flag_is_changed(prompt: str) -> None:
    flags = take_flags(prompt)
    if (flags.negative, flags.size, flags.seed) == (None, None, None):
        assert flags.prompt.strip(" ,\n") == prompt.strip(" ,\n") or "no" in prompt


@given(st.text(st.characters(codec="utf-8", exclude_characters="-—–")))
def test_a_prompt_without_dashes_is_left_alone(prompt: str) -> None:
    assert take_flags(prompt) == Flags(prompt)
