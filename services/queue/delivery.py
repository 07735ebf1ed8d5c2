"""What the services need from whoever answers members; `cogs.answers.delivery` does it on Discord."""

from __future__ import annotations

from typing import Protocol

from services.jobs import Job, JobId


class Delivery(Protocol):
    """None of this raises: what can't be delivered is the delivery's to settle."""

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        """The whole line, the next job first, each with the seconds until its pictures are expected."""
        ...

    def progress(self, job: Job, step: int, steps: int) -> None:
        """A running job has made progress."""
        ...

    def answer(self, job: Job) -> None:
        """A job is over, and its row says how: pictures on disk, a sentence why there are none, or cancelled."""
        ...

    @property
    def pending(self) -> set[JobId]:
        """Jobs whose answers are being sent."""
        ...
