"""What the services ask of whoever answers members; `bot.delivery` does it on Discord."""

from __future__ import annotations

from typing import Protocol

from services.jobs import Job


class Delivery(Protocol):
    """Nothing here raises: what cannot be delivered is the delivery's to settle."""

    def line_moved(self, line: list[tuple[Job, float]]) -> None:
        """The line as it stands, the next one first, each with the seconds until its picture."""
        ...

    def progress(self, job: Job, step: int, steps: int) -> None:
        """A running job got further."""
        ...

    def finished(self, job: Job) -> None:
        """The pictures of a job are on disk and its row says so."""
        ...

    def failed(self, job: Job, sentence: str) -> None:
        """There will be no picture; the sentence is for the member."""
        ...

    def withdrawn(self, job: Job) -> None:
        """A member cancelled a job that was in line; whoever did that is answered already."""
        ...
