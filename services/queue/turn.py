"""A place in line for drawing that is no job: nothing of it is stored, and only whoever asked waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count

from services.jobs import JobId

#: no job's id is as large, so at the same moment jobs go first
_ids = count(2**63)


@dataclass(eq=False, slots=True)
class Turn:
    """Costs its member as much as a job of the same `work`, in pixel steps."""

    member_id: int
    checkpoint: str
    work: int
    attempts: int = 0
    id: JobId = field(default_factory=lambda: JobId(next(_ids)))
    _has_come: asyncio.Event = field(default_factory=asyncio.Event)
    _is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_it_comes(self) -> None:
        """Wait in line."""
        await self._has_come.wait()

    async def take(self) -> None:
        """Let whoever waits for it draw, and wait until they are done."""
        self._has_come.set()
        await self._is_over.wait()

    def end(self) -> None:
        """Give the engine back."""
        self._is_over.set()
