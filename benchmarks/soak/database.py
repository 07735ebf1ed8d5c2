"""Troubles of a database that is up: for some seconds it takes no writes, or cancels every statement."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from benchmarks.soak.journal import Journal
from bot.local.process import BotProcess

INTERVAL = (4.0, 9.0)  # seconds between two troubles
DURATION = (0.5, 3.0)  # seconds
#: set for the whole server, so that connections that are open already have it too
TROUBLES = {
    "read-only": ("default_transaction_read_only", "on"),
    "statement timeout": ("statement_timeout", "1ms"),
}


@dataclass
class DatabaseTroubles:
    """An async context manager that makes trouble until `stop`."""

    bot: BotProcess
    journal: Journal
    random: random.Random
    made: Counter[str] = field(default_factory=Counter)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._make_trouble())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the trouble, if there is one, and make no more."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _make_trouble(self) -> None:
        while True:
            await asyncio.sleep(self.random.uniform(*INTERVAL))
            name = self.random.choice(list(TROUBLES))
            setting, value = TROUBLES[name]
            try:
                self.bot.configure_database(setting, value)
                self.made[name] += 1
                self.journal.note(f"--- the database is in trouble: {name} ---")
                await asyncio.sleep(self.random.uniform(*DURATION))
            finally:
                self.bot.configure_database(setting, None)
                self.journal.note("--- the database is well ---")
