"""A line for each file that is downloaded: a bar, bytes, speed and the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress
from rich.console import Console

from services.library.transfers import OnProgress


class Progress:
    """Bars on a terminal; in a log, only the last state of each."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def of(self, name: str) -> Iterator[OnProgress]:
        """Call what this gives with the bytes that have arrived, and the bytes in all if they are known."""
        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=self._console) as bars:
            task = bars.add_task(name, total=None)
            yield lambda received, size: bars.update(task, completed=received, total=size)
