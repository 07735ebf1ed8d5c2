"""What members keep, and what a server shows in its gallery because enough of them do."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from services.jobs import Job, JobId
from services.pictures.store import PictureStore
from services.policy.safety import shown
from services.stock import Stocks
from services.storage.favourites import FavouriteStore

#: of a small picture beside its prompt, in pixels
_SIDE = 256


@dataclass(frozen=True, slots=True)
class Favourite:
    """A job that a member keeps, with its first picture made small, as JPEG; None where that isn't on disk any more."""

    job: Job
    picture: bytes | None


class Favourites:
    """Knows no Discord: whoever posts in the gallery asks whether it is time."""

    def __init__(self, *, store: FavouriteStore, pictures: PictureStore, stocks: Stocks) -> None:
        self._store = store
        self._pictures = pictures
        self._stocks = stocks

    async def keep(self, job: Job, member_id: int) -> bool:
        """Keep a job; returns whether the caller is to post it in the server's gallery now."""
        hearts = await self._store.keep(job.id, member_id)
        policy = self._stocks.of(job.target.guild_id).policy
        is_wanted = policy.gallery not in (None, job.target.channel_id) and hearts >= policy.gallery_hearts
        is_picture = job.parameters.comparison is None and not job.is_forgotten
        return is_wanted and is_picture and await self._store.claim_gallery(job.id)

    async def drop(self, job_id: JobId, member_id: int) -> None:
        """Keep it no longer. A gallery doesn't lose what it has."""
        await self._store.drop(job_id, member_id)

    async def page(
        self, member_id: int, guild_id: int | None, *, page: int, size: int
    ) -> tuple[Sequence[Favourite], bool]:
        """The favourites on a page, counted from 0, and whether there are more behind it."""
        jobs = await self._store.of_member(member_id, guild_id, skip=page * size, limit=size + 1)
        return [Favourite(job, await self._small_picture(job)) for job in jobs[:size]], len(jobs) > size

    async def pictures_of(self, job: Job) -> list[bytes]:
        """The PNG files of a job that may be shown, without those behind a spoiler; none if they are gone."""
        policy = self._stocks.of(job.target.guild_id).policy
        seen = shown(len(job.pictures), job.scores, policy.safety, policy.safety_threshold)
        open_ones = [index for index in seen.posted if index not in seen.spoilers]
        try:
            return [await self._pictures.read(job.pictures[index]) for index in open_ones]
        except OSError:
            return []

    async def posted(self, job_id: JobId, message_id: int) -> None:
        """The gallery has it."""
        await self._store.record_gallery(job_id, message_id)

    async def not_posted(self, job_id: JobId) -> None:
        """The gallery couldn't take it; another heart may try again."""
        await self._store.release_gallery(job_id)

    async def _small_picture(self, job: Job) -> bytes | None:
        pictures = await self.pictures_of(job)
        return await asyncio.to_thread(_shrunk, pictures[0]) if pictures else None


def _shrunk(png: bytes) -> bytes:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()
