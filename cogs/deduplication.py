"""Do once what Discord sends twice, or what a double click asks for twice."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable

MAX_REMEMBERED = 10_000


class RecentlySeen:
    """Remembers the newest keys, each for some time."""

    def __init__(self, seconds: float = float("inf")) -> None:
        self._seconds = seconds
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def is_first(self, key: Hashable) -> bool:
        """Whether the key hasn't been seen lately; from now on it has."""
        now = time.monotonic()
        before = self._seen.get(key)
        if before is not None and now - before < self._seconds:
            return False
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def forget(self, key: Hashable) -> None:
        """The key may be seen again."""
        self._seen.pop(key, None)

    def clear(self) -> None:
        self._seen.clear()
