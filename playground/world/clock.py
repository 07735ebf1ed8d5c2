"""A clock that tests can move forward, and the snowflake ids that carry its time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count

#: snowflakes count milliseconds from the start of 2015
DISCORD_EPOCH_MS = 1_420_070_400_000
_TIME_SHIFT = 22  # the lower bits tell apart ids from the same millisecond


def created_at(snowflake: int) -> float:
    """When an id was created, in seconds since the Unix epoch."""
    return ((snowflake >> _TIME_SHIFT) + DISCORD_EPOCH_MS) / 1000


class Clock:
    """Real time plus the time skipped so far."""

    def __init__(self) -> None:
        self._ahead = 0.0  # seconds
        self._serial = count()

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time() + self._ahead

    def advance(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Skip ahead without waiting."""
        self._ahead += minutes * 60 + seconds

    def timestamp(self, at: float | None = None) -> str:
        """The current time, or the given one, in ISO 8601 as Discord sends it."""
        return datetime.fromtimestamp(self.now() if at is None else at, UTC).isoformat()

    def http_date(self) -> str:
        """The current time as the header `Date` has it."""
        return format_datetime(datetime.fromtimestamp(self.now(), UTC), usegmt=True)

    def snowflake(self, *, age: float = 0) -> int:
        """A new id that was created `age` seconds ago."""
        milliseconds = int((self.now() - age) * 1000) - DISCORD_EPOCH_MS
        return (milliseconds << _TIME_SHIFT) | (next(self._serial) & 0x3FFFFF)
