"""What members can know about their data and have deleted, and what is forgotten by itself."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from services.errors import Unavailable
from services.jobs import JobState
from services.pictures.store import PictureStore
from services.queue.delivery import Delivery
from services.queue.line import Line
from services.storage.personal import Erased, PersonalData

log = logging.getLogger(__name__)

TIDY_INTERVAL = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored about a member."""

    requests: int
    presets: int
    #: JSON
    file: bytes


class Privacy:
    """A member's own data, and retention."""

    def __init__(
        self, *, personal: PersonalData, line: Line, delivery: Delivery, pictures: PictureStore, keep_text: timedelta
    ) -> None:
        self._personal = personal
        self._line = line
        self._delivery = delivery
        self._pictures = pictures
        self._keep_text = keep_text

    async def stored(self, member_id: int) -> Stored:
        """Everything that is stored about a member."""
        data = await self._personal.of_member(member_id)
        file = json.dumps({"member_id": member_id, **data}, ensure_ascii=False, indent=1, default=str).encode()
        return Stored(len(data["requests"]), len(data["presets"]), file)

    async def erase(self, member_id: int) -> Erased:
        """Cancel what a member has in line and delete what is stored about them."""
        for job in await self._personal.cancel_waiting(member_id):
            self._line.leave(job.id)
            self._delivery.answer(job.evolve(state=JobState.CANCELLED))
        self._line.announce()
        erased = await self._personal.erase(member_id)
        await self._pictures.delete(erased.pictures)
        return erased

    async def tidy(self) -> None:
        """Erase what is due: rows that were marked, old text, deleted pictures, and vectors that no row needs."""
        for erased in (await self._personal.erase_answered(), await self._personal.forget(self._keep_text)):
            await self._pictures.delete(erased.pictures)
        if pruned := await self._personal.prune_vectors():
            log.info("deleted the vectors of %d embeddings that no request needs", pruned)

    async def keep_tidy(self) -> None:
        """Tidy every so often."""
        while True:
            await asyncio.sleep(TIDY_INTERVAL)
            with suppress(Unavailable, OSError):
                await self.tidy()
