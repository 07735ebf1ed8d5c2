"""Check the sentence that a member reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.errors import UserError

#: Discord's limit of a message, in characters
MAX_MESSAGE = 2000


@contextmanager
def refused(words: str, kind: type[UserError] = UserError) -> Iterator[None]:
    """What is done inside must be refused with an error of this kind, whose sentence has these words in it."""
    with pytest.raises(kind) as caught:
        yield
    assert words in str(caught.value)


def assert_sendable(error: UserError) -> None:
    """The sentence must be one that Discord accepts as a message."""
    assert 0 < len(str(error)) <= MAX_MESSAGE
    str(error).encode()
