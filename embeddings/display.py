"""Make text from untrusted files safe to print in a terminal or a chat."""

from __future__ import annotations

MAX_SHOWN = 60  # characters of a name


def printable(text: str, most: int = MAX_SHOWN) -> str:
    """The first `most` characters of `text`, with everything that isn't printable replaced, so that it stays on one line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:most])
