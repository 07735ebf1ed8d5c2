"""Time that tests can move, and ids that carry it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import count

#: Discord's ids count milliseconds from the first second of 2015
DISCORD_EPOCH_MS = 1_420_070_400_000
_TIME_SHIFT = 22  # the lower bits tell ids of one millisecond apart


class Clock:
    """Real time plus what was added to it."""

    def __init__(self) -> None:
        self._ahead = 0.0  # seconds
        self._serial = count()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass at once."""
        self._ahead += minutes * 60 + seconds

    def timestamp(self) -> str:
        """Now, as Discord writes it."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def snowflake(self, *, age: float = 0) -> int:
        """A new id, minted `age` seconds ago."""
        milliseconds = int((self.now() - age) * 1000) - DISCORD_EPOCH_MS
        return (milliseconds << _TIME_SHIFT) | (next(self._serial) & 0x3FFFFF)
