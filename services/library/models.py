"""Models that are dropped into the folders, or taken away, while the bot runs."""

from __future__ import annotations

import asyncio
import logging

from services.stock import Stocks
from services.suggestions.autocomplete import Suggestions

log = logging.getLogger(__name__)


class ModelWatch:
    """Keeps the shelf in step with the folders."""

    def __init__(self, stocks: Stocks, suggestions: Suggestions) -> None:
        self._shelf = stocks.shared.shelf
        self._suggestions = suggestions

    async def watch(self, interval: float = 5.0) -> None:
        """Look into the folders every so often; runs until cancelled. `interval` is in seconds."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.look()
            except OSError as error:  # the disk is gone; models already known stay until it is back
                log.warning("cannot read the models' folders: %s", error)

    async def look(self) -> None:
        """Offer what is new, and no longer what is gone.

        Raises: OSError.
        """
        found = await asyncio.to_thread(self._shelf.look)
        if found == self._shelf.found:
            return
        before = {model.id for model in self._shelf.installed}
        self._shelf.apply(found)
        for model in self._shelf.installed:
            if model.id not in before:
                log.info("found the model %s: %s, %s", model.id, model.architecture, model.lineage)
        for problem in found.ignored:
            log.info("ignored %s: %s", problem.name, problem.reason)
        await asyncio.to_thread(self._suggestions.prepare)
