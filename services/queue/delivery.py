"""What the services ask of whoever answers members; `cogs.answers.delivery` does it on Discord."""

from __future__ import annotations

from typing import Protocol

from services.jobs import Job, JobId


class Delivery(Protocol):
    """Nothing here raises: what cannot be delivered is the delivery's to settle."""

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        """The line as it stands, the next one first, each with the seconds until its picture."""
        ...

    def progress(self, job: Job, step: int, steps: int) -> None:
        """A running job got further."""
        ...

    def answer(self, job: Job) -> None:
        """A job is over, and its row says how: pictures on disk, a sentence why there are none, or cancelled."""
        ...

    @property
    def pending(self) -> set[JobId]:
        """Jobs whose members are being answered."""
        ...
