"""Pictures that members keep, and those that are in a server's gallery."""

from __future__ import annotations

from collections.abc import Sequence

from services.jobs import Job, JobId
from services.storage.job_rows import job_of
from services.storage.pool import Pool
from services.storage.retries import retry_while_unavailable


class FavouriteStore:
    """A job is kept once by each member, and posted in a gallery once at most."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @retry_while_unavailable
    async def keep(self, job_id: JobId, member_id: int) -> int:
        """Returns how many members keep the job now."""
        await self._pool.execute(
            "INSERT INTO favourites (job_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", job_id, member_id
        )
        return await self._pool.fetchval("SELECT count(*) FROM favourites WHERE job_id = $1", job_id)

    @retry_while_unavailable
    async def drop(self, job_id: JobId, member_id: int) -> None:
        await self._pool.execute("DELETE FROM favourites WHERE job_id = $1 AND member_id = $2", job_id, member_id)

    async def of_member(self, member_id: int, guild_id: int | None, *, skip: int, limit: int) -> Sequence[Job]:
        """A member's favourites in one server, or in direct messages, the latest first."""
        rows = await self._pool.fetch(
            """
            SELECT jobs.* FROM favourites JOIN jobs ON jobs.id = favourites.job_id
             WHERE favourites.member_id = $1 AND guild_id IS NOT DISTINCT FROM $2 AND state = 'delivered'
             ORDER BY kept_at DESC, jobs.id DESC OFFSET $3 LIMIT $4
            """,
            member_id,
            guild_id,
            skip,
            limit,
        )
        return [job_of(row) for row in rows]

    async def claim_gallery(self, job_id: JobId) -> bool:
        """Whether the caller may post the job in the gallery: nobody has before."""
        done = await self._pool.execute("INSERT INTO gallery (job_id) VALUES ($1) ON CONFLICT DO NOTHING", job_id)
        return done == "INSERT 0 1"

    async def release_gallery(self, job_id: JobId) -> None:
        """Let it be posted another time: it couldn't be now."""
        await self._pool.execute("DELETE FROM gallery WHERE job_id = $1 AND message_id IS NULL", job_id)

    @retry_while_unavailable
    async def record_gallery(self, job_id: JobId, message_id: int) -> None:
        """Remember the message that it is in."""
        await self._pool.execute("UPDATE gallery SET message_id = $2 WHERE job_id = $1", job_id, message_id)
