"""Discord's clock, read from the `Date` of its responses: the ids of messages carry its time, not this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp


class DiscordClock:
    """How far ahead of this machine's clock Discord's is."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The time there."""
        return datetime.now(UTC) + self.ahead

    def follow(self, trace: aiohttp.TraceConfig) -> None:
        """Keep `ahead` up to date with each response that `trace` sees."""
        trace.on_request_end.append(self._read)

    async def _read(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        try:
            date = parsedate_to_datetime(end.response.headers["Date"])
        except (KeyError, ValueError):
            return
        self.ahead = date - datetime.now(UTC)
