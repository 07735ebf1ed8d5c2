"""Text for Discord: what members typed is shown as typed, and what doesn't fit is counted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from services.text import and_more, shorten

#: Discord's limits, in characters
MAX_CONTENT = 2000
MAX_DESCRIPTION = 4096
MAX_FIELD = 1024
MAX_ALT_TEXT = 1024
MAX_OPTION = 100
_BAR_WIDTH = 16  # characters

#: Discord's client removes a backslash before any of these and shows the character itself. Inside a web address it reads no
#: markup, and a backslash would be part of the address.
_MARKUP = re.compile(
    r"(?P<address>https?://[^\s<>()\[\]*|`\\]+)|[\\*_~|`\[\]]|<(?=[@#:/a-z])|^\s*(?:[>#-]|\d+\.)",
    re.MULTILINE | re.IGNORECASE,
)


def as_typed(text: str, limit: int | None = None) -> str:
    """The text, shortened to `limit` characters, so that Discord shows it as it was typed and takes none of it for markup."""
    shortened = text if limit is None else shorten(text, limit)
    return _MARKUP.sub(lambda match: match["address"] or f"{match[0][:-1]}\\{match[0][-1]}", shortened)


def progress_bar(share: float) -> str:
    """A bar of which this share, from 0 to 1, is done."""
    done = round(_BAR_WIDTH * min(share, 1))
    return f"`{'█' * done}{'░' * (_BAR_WIDTH - done)}`"


def fit_lines(lines: Iterable[str], limit: int, *, separator: str = "\n", more: str = "") -> str:
    """As many lines as `limit` characters hold, and how many more there are; `more` says where to find them."""
    shortened = [shorten(line, limit) for line in lines]
    for shown in range(len(shortened), 0, -1):
        left = len(shortened) - shown
        text = separator.join([*shortened[:shown], *([and_more(left) + more] if left else [])])
        if len(text) <= limit:
            return text
    return and_more(len(shortened)) + more if shortened else ""
