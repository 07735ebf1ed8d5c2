"""Which strings are emoji, on the edge of what Discord accepts."""

from __future__ import annotations

import pytest

from playground.rules.emoji import is_emoji


@pytest.mark.parametrize(
    "text",
    ["🔁", "❤", "❤️", "👍🏽", "👩‍🎨", "🏳️‍🌈", "🇫🇷", "1️⃣", "#️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🫠", "▶️", "©️"],
)
def test_emoji_are_accepted(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1",
        "#",
        ":fish:",
        "▲",
        "✦",
        "⏻",
        "█",
        "🔁🔁",
        "🔁 ",
        "🇫",
        "<:fish:1>",
        "fish:1",
        "\u200d",
        "\ufe0f",
    ],
)
def test_other_strings_are_not(text: str) -> None:
    assert not is_emoji(text)
