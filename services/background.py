"""Background tasks that survive bugs in them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.incidents import log_incident

RESTART_PAUSE = 30.0  # seconds


async def keep_running(work: Callable[[], Awaitable[None]], name: str, *, pause: float = RESTART_PAUSE) -> None:
    """Run a background task, and restart it if a bug ends it: it must not take the whole bot down."""
    while True:
        try:
            return await work()
        except Exception as error:
            log_incident(error, f"background task '{name}' failed; restarting it in {pause:g} s")
            await asyncio.sleep(pause)
