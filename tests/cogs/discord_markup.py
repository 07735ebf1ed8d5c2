"""What Discord's client makes of a text, as far as markup goes."""

from __future__ import annotations

import re

#: shown as itself after a backslash
_ESCAPABLE = re.compile(r"[^0-9A-Za-z\s]")
#: starts or ends bold, italics, underline, strikethrough, a spoiler, code, or the words of a link
_INLINE = frozenset("*_~|`[]")
#: mentions, custom emojis, commands, timestamps and links in angle brackets
_ANGLE = re.compile(r"<[@#:/a-z]", re.IGNORECASE)
#: in which no markup is read
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]*|`\\]+", re.IGNORECASE)
#: quotes, headings, small print and lists
_LINE_START = re.compile(r"[>#-]|\d+\.")


def shown(text: str) -> str:
    """The characters that a member sees.

    Raises: AssertionError, if any of the text would be taken for markup.
    """
    seen: list[str] = []
    place, is_line_start = 0, True
    while place < len(text):
        character = text[place]
        if character == "\\" and _ESCAPABLE.match(text, place + 1):
            seen.append(text[place + 1])
            place += 2
            is_line_start = False
            continue
        if address := _ADDRESS.match(text, place):
            seen.append(address[0])
            place, is_line_start = address.end(), False
            continue
        assert character not in _INLINE, f"live {character!r} at {place} of {text!r}"
        assert not _ANGLE.match(text, place), f"a live mention or link at {place} of {text!r}"
        assert not (is_line_start and _LINE_START.match(text, place)), f"a live line start at {place} of {text!r}"
        seen.append(character)
        place += 1
        is_line_start = character == "\n" or (is_line_start and character.isspace())
    return "".join(seen)
