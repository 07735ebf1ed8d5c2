"""Troubles of a database that is up: for some seconds it takes no writes, or cancels every statement."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import asyncpg

from benchmarks.soak.journal import Journal

INTERVAL = (4.0, 9.0)  # seconds between two troubles
DURATION = (0.5, 3.0)  # seconds
#: set for the whole server, so that connections that are open already have it too
TROUBLES = {
    "read-only": ("default_transaction_read_only", "on"),
    "statement timeout": ("statement_timeout", "1ms"),
}
#: of the connection that ends a trouble, which must not have it
_UNTROUBLED = {"default_transaction_read_only": "off", "statement_timeout": "0"}
_RETRY = 0.3  # seconds; the server may have been killed


@dataclass
class DatabaseTroubles:
    """An async context manager that makes trouble until `stop`."""

    url: str
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
                await self._set(setting, value)
                self.made[name] += 1
                self.journal.note(f"--- the database is in trouble: {name} ---")
                await asyncio.sleep(self.random.uniform(*DURATION))
            finally:
                await self._set(setting, None)
                self.journal.note("--- the database is well ---")

    async def _set(self, setting: str, value: str | None) -> None:
        """Set it, or reset it if `value` is None; a server that is down is waited for."""
        change = f"RESET {setting}" if value is None else f"SET {setting} = '{value}'"
        while True:
            try:
                connection = await asyncpg.connect(self.url, server_settings=_UNTROUBLED, timeout=5)
                try:
                    await connection.execute(f"ALTER SYSTEM {change}")
                    await connection.execute("SELECT pg_reload_conf()")
                finally:
                    await connection.close()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await asyncio.sleep(_RETRY)
            else:
                return
