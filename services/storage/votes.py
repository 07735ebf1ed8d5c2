"""Members' votes on the columns of comparisons."""

from __future__ import annotations

from typing import NamedTuple

from services.jobs import JobId
from services.storage.pool import Pool


class Tally(NamedTuple):
    """Votes in the comparisons that had a column with one embedding alone."""

    #: for that column
    won: int
    #: for any column
    cast: int


class VoteStore:
    """One vote for each member and comparison."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def cast(self, job_id: JobId, member_id: int, column: int) -> dict[int, int]:
        """Record or change a vote; returns how many votes each column has, counted from 0."""
        await self._pool.execute(
            """
            INSERT INTO votes (job_id, member_id, column_at) VALUES ($1, $2, $3)
            ON CONFLICT (job_id, member_id) DO UPDATE SET column_at = excluded.column_at, voted_at = now()
            """,
            job_id,
            member_id,
            column,
        )
        return await self.counts(job_id)

    async def counts(self, job_id: JobId) -> dict[int, int]:
        """How many votes each column has."""
        rows = await self._pool.fetch(
            "SELECT column_at, count(*) AS votes FROM votes WHERE job_id = $1 GROUP BY column_at", job_id
        )
        return {row["column_at"]: row["votes"] for row in rows}

    async def unblind(self, job_id: JobId) -> None:
        """Record that the labels of a blind comparison are shown from now on."""
        await self._pool.execute(
            "UPDATE jobs SET parameters = jsonb_set(parameters, '{comparison,is_blind}', 'false') WHERE id = $1", job_id
        )

    async def tallies(self, guild_id: int | None = None) -> dict[int, dict[str, Tally]]:
        """By server and embedding, of all servers or of one."""
        rows = await self._pool.fetch(
            """
            SELECT guild_id, placed ->> 'id' AS embedding, count(*) AS cast,
                   count(*) FILTER (WHERE grid -> 'columns' -> column_at -> 'uses' = alone) AS won
              FROM votes
              JOIN jobs ON jobs.id = votes.job_id,
                   LATERAL (SELECT parameters -> 'comparison' AS grid) AS comparison,
                   LATERAL jsonb_array_elements(parameters -> 'embeddings') WITH ORDINALITY AS embeddings (placed, number),
                   LATERAL (SELECT jsonb_build_array(number - 1) AS alone) AS wanted
             WHERE guild_id = coalesce($1, guild_id)
               AND EXISTS (SELECT FROM jsonb_array_elements(grid -> 'columns') AS c WHERE c -> 'uses' = alone)
             GROUP BY guild_id, embedding
            """,
            guild_id,
        )
        found: dict[int, dict[str, Tally]] = {}
        for row in rows:
            found.setdefault(row["guild_id"], {})[row["embedding"]] = Tally(row["won"], row["cast"])
        return found
