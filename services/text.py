"""Fit text into the room there is for it, and always show that something was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ELLIPSIS = "…"
#: what a sentence quotes of something that somebody typed
QUOTED = 40  # characters


def shorten(text: str, limit: int = QUOTED) -> str:
    """The text, or its first `limit` - 1 characters and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def join_some(items: Sequence[str], limit: int, *, separator: str = ", ") -> str:
    """The first items that fit into `limit` characters, and how many more there are."""
    joined = separator.join(items)
    if len(joined) <= limit:
        return joined
    for shown in range(len(items) - 1, 0, -1):
        text = separator.join([*items[:shown], and_more(len(items) - shown)])
        if len(text) <= limit:
            return text
    return shorten(joined, limit)


def and_more(count: int) -> str:
    return f"{ELLIPSIS} and {count} more"


def and_list(items: Iterable[str]) -> str:
    """As a sentence lists them: "cfg, steps and size"."""
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last


def plural(count: int, noun: str) -> str:
    """ "1 preset", "2 presets"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def plain_number(value: object) -> str:
    """As someone would type it: 6, not 6.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
