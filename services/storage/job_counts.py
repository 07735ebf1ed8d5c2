"""What is asked about many jobs at once."""

from __future__ import annotations

from datetime import timedelta

from services.storage.pool import Pool


class JobCounts:
    """Reads only."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def undelivered_pictures(self) -> set[str]:
        """File names of pictures that are yet to be sent."""
        rows = await self._pool.fetch(
            "SELECT unnest(pictures) AS name FROM jobs WHERE answered_at IS NULL AND state = 'rendered'"
        )
        return {row["name"] for row in rows}

    async def asked_lately(self, member_id: int, guild_id: int, period: timedelta) -> int:
        """How many requests a member made in a server, but for those they cancelled."""
        return await self._pool.fetchval(
            """
            SELECT count(*) FROM jobs
             WHERE member_id = $1 AND guild_id = $2 AND asked_at > now() - $3::interval AND state <> 'cancelled'
            """,
            member_id,
            guild_id,
            period,
        )

    async def uses(self) -> dict[int, dict[str, int]]:
        """How often each embedding was used, keyed by server."""
        rows = await self._pool.fetch(
            """
            SELECT guild_id, placed ->> 'id' AS embedding, count(*) AS uses
              FROM jobs, jsonb_array_elements(parameters -> 'embeddings') AS placed
             WHERE guild_id IS NOT NULL
             GROUP BY guild_id, embedding
            """
        )
        uses: dict[int, dict[str, int]] = {}
        for row in rows:
            uses.setdefault(row["guild_id"], {})[row["embedding"]] = row["uses"]
        return uses
