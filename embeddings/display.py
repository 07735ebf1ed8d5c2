"""Make names out of strangers' files safe to print in a terminal or a chat."""

from __future__ import annotations

MAX_SHOWN = 60  # characters of a name


def printable(text: str, most: int = MAX_SHOWN) -> str:
    """A name out of a file, short and on one line: files are strangers' and their names go to terminals and chats."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:most])
