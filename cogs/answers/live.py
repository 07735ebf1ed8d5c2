"""The latest news of an unfinished job: where it is in line, or how far its pictures are."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime

from services.jobs import Job


@dataclass
class LiveCard:
    """What is to be shown, and the task that shows it."""

    job: Job
    content: str = ""
    #: whether the job is still in line
    cancellable: bool = True
    #: in line, counted from 1; 0 once it is being drawn
    place: int = 0
    is_overtaken: bool = False
    #: when the pictures are expected
    ready: datetime | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    #: an edit that is being sent must arrive before the answer does
    editing: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None
    #: the first step that was reported, and when, on a clock in seconds
    _began: tuple[int, float] | None = None

    def show(self, content: str) -> None:
        """Say something else."""
        if content != self.content:
            self.content = content
            self.changed.set()

    def seconds_left(self, step: int, steps: int) -> float | None:
        """How long the rest takes, judged by the steps so far; None while there is only one."""
        now = time.monotonic()
        if self._began is None or step <= self._began[0]:  # or it was begun again
            self._began = step, now
            return None
        first, began = self._began
        return (now - began) / (step - first) * (steps - step)
