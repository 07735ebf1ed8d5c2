"""Job rows: asked, claimed, rendered, delivered. Every step is one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import asyncpg
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import GenerationParameters
from services.storage.outage import survives_outages

Vectors = Mapping[str, NDArray[np.float32]]

_OPEN = ("queued", "running", "rendered")


class JobStore:
    """The truth about every request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add(
        self, parameters: GenerationParameters, target: ReplyTarget, *, parent_id: JobId | None, hints: Sequence[str]
    ) -> Job:
        """Store a queued job and the vectors it needs, in one transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                "INSERT INTO vectors (content_hash, data) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [(placed.content_hash, save(dict(placed.vectors))) for placed in parameters.embeddings],
            )
            row = await connection.fetchrow(
                """
                INSERT INTO jobs (parameters, parent_id, hints, guild_id, channel_id, member_id, application_id,
                                  interaction_token, reply_id, refers_to)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                RETURNING *
                """,
                parameters.as_json(), parent_id, list(hints), target.guild_id, target.channel_id, target.member_id,
                target.application_id, target.interaction_token, target.reply_id, target.refers_to,
            )  # fmt: skip
        return _job(row, {placed.content_hash: placed.vectors for placed in parameters.embeddings})

    async def get(self, job_id: JobId) -> Job | None:
        return await self._one("SELECT * FROM jobs WHERE id = $1", job_id)

    async def of_message(self, message_id: int) -> Job | None:
        """The job whose pictures this message shows."""
        return await self._one("SELECT * FROM jobs WHERE message_id = $1", message_id)

    async def open(self) -> list[Job]:
        """Every job that somebody still waits for, the oldest first."""
        rows = await self._pool.fetch("SELECT * FROM jobs WHERE state = ANY($1) ORDER BY id", list(_OPEN))
        return await self._jobs(rows)

    async def hand_back(self) -> int:
        """Put running jobs back in line: this process has just started, so nobody works on them."""
        done = await self._pool.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'")
        return int(done.split()[-1])

    async def claim(self, ids: Iterable[JobId]) -> set[JobId]:
        """Mark queued jobs as running; those that were cancelled meanwhile are not among the result."""
        rows = await self._pool.fetch(
            """
            UPDATE jobs
               SET state = 'running', started_at = now(), heartbeat_at = now(), attempts = attempts + 1
             WHERE id = ANY($1) AND state = 'queued'  -- waits for who changes a row right now, and looks again
            RETURNING id
            """,
            list(ids),
        )
        return {JobId(row["id"]) for row in rows}

    @survives_outages
    async def release(self, job_id: JobId) -> None:
        """Put one running job back in line."""
        await self._pool.execute("UPDATE jobs SET state = 'queued' WHERE id = $1 AND state = 'running'", job_id)

    @survives_outages
    async def rendered(self, job_id: JobId, pictures: Sequence[str], seconds: float) -> Job | None:
        """The pictures are on disk. None, if the job is no longer running."""
        return await self._one(
            """
            UPDATE jobs
               SET state = 'rendered', pictures = $2, seconds = $3, finished_at = now()
             WHERE id = $1 AND state IN ('running', 'rendered')  -- the latter, if the answer was lost
            RETURNING *
            """,
            job_id, list(pictures), seconds,
        )  # fmt: skip

    @survives_outages
    async def delivered(self, job_id: JobId, message_id: int) -> None:
        await self._pool.execute(
            "UPDATE jobs SET state = 'delivered', message_id = $2 WHERE id = $1 AND state = 'rendered'",
            job_id,
            message_id,
        )

    @survives_outages
    async def close(self, job_id: JobId, state: JobState, error: str | None = None) -> bool:
        """End a job without pictures; False, if it had ended already."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = $2, error = $3, finished_at = now() WHERE id = $1 AND state = ANY($4)",
            job_id, state.value, error, list(_OPEN),
        )  # fmt: skip
        return done == "UPDATE 1"

    async def cancel(self, job_id: JobId) -> bool:
        """Withdraw a job that nobody works on yet."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE id = $1 AND state = 'queued'", job_id
        )
        return done == "UPDATE 1"

    async def deleted(self, job_id: JobId) -> None:
        """The message with the pictures was taken down."""
        await self._pool.execute("UPDATE jobs SET state = 'deleted' WHERE id = $1 AND state = 'delivered'", job_id)

    @survives_outages
    async def set_reply(self, job_id: JobId, reply_id: int) -> None:
        """Remember the message that says "in line"."""
        await self._pool.execute("UPDATE jobs SET reply_id = $2 WHERE id = $1", job_id, reply_id)

    async def uses(self) -> dict[int, dict[str, int]]:
        """How often each embedding was used, by server."""
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

    async def _one(self, query: str, *values: object) -> Job | None:
        row = await self._pool.fetchrow(query, *values)
        return (await self._jobs([row]))[0] if row else None

    async def _jobs(self, rows: Sequence[asyncpg.Record]) -> list[Job]:
        hashes = {placed["content_hash"] for row in rows for placed in row["parameters"]["embeddings"]}
        stored = await self._pool.fetch(
            "SELECT content_hash, data FROM vectors WHERE content_hash = ANY($1)", list(hashes)
        )
        vectors: dict[str, Vectors] = {row["content_hash"]: load(row["data"]) for row in stored}
        return [_job(row, vectors) for row in rows]


def _job(row: asyncpg.Record, vectors: Mapping[str, Vectors]) -> Job:
    return Job(
        id=JobId(row["id"]),
        state=JobState(row["state"]),
        parameters=GenerationParameters.from_json(row["parameters"], vectors),
        target=ReplyTarget(
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            member_id=row["member_id"],
            application_id=row["application_id"],
            interaction_token=row["interaction_token"],
            reply_id=row["reply_id"],
            refers_to=row["refers_to"],
        ),
        asked_at=row["asked_at"],
        parent_id=row["parent_id"],
        attempts=row["attempts"],
        pictures=tuple(row["pictures"]),
        seconds=row["seconds"],
        message_id=row["message_id"],
        hints=tuple(row["hints"]),
    )
