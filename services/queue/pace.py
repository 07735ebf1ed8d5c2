"""How long a picture takes here, learnt from past ones."""

from __future__ import annotations

from collections.abc import Iterable

from services.jobs import Job
from services.queue.fair import Waiting

#: weight of the latest measurement
FRESHNESS = 0.3
#: 8 seconds for a picture of 512×512 in 25 steps, until anything has been measured
FIRST_GUESS = 8.0 / (512 * 512 * 25)


class Pace:
    """Seconds per pixel step, as a moving average for each checkpoint."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def learn(self, checkpoint: str, pixel_steps: int, seconds: float) -> None:
        """Take one finished batch into account."""
        measured = seconds / pixel_steps
        known = self._seconds.get(checkpoint, measured)
        self._seconds[checkpoint] = known + FRESHNESS * (measured - known)

    def seconds_of(self, item: Waiting) -> float:
        """Seconds that a job or a turn will take alone."""
        return self._seconds.get(item.checkpoint, FIRST_GUESS) * item.work

    def line(self, running: Iterable[Job], waiting: Iterable[Waiting]) -> list[tuple[Job, float]]:
        """Each waiting job with the seconds until its picture is expected."""
        elapsed = sum(self.seconds_of(job) for job in running) / 2  # on average half done
        line: list[tuple[Job, float]] = []
        for item in waiting:
            elapsed += self.seconds_of(item)
            if isinstance(item, Job):
                line.append((item, elapsed))
        return line
