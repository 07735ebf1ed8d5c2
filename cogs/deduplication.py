"""What Discord sends twice, and what fingers do twice, is done once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable

MAX_REMEMBERED = 10_000


class Once:
    """Remembers what was done, the newest of it, and for some time."""

    def __init__(self, seconds: float = float("inf")) -> None:
        self._seconds = seconds
        self._done: OrderedDict[Hashable, float] = OrderedDict()

    def is_first(self, what: Hashable) -> bool:
        """Whether it was not done lately; from now on it was."""
        now = time.monotonic()
        before = self._done.get(what)
        if before is not None and now - before < self._seconds:
            return False
        self._done[what] = now
        self._done.move_to_end(what)
        if len(self._done) > MAX_REMEMBERED:
            self._done.popitem(last=False)
        return True

    def forget(self, what: Hashable) -> None:
        """It may be done again."""
        self._done.pop(what, None)

    def forget_all(self) -> None:
        self._done.clear()
