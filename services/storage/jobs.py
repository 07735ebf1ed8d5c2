"""Job rows: asked, claimed, rendered, delivered. Every step is one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

import asyncpg
from safetensors.numpy import load, save

from services.jobs import Job, JobId, JobState, Origin, ReplyTarget
from services.parameters import GenerationParameters, PlanRecord, Vectors
from services.storage.outage import survives_outages
from services.storage.pool import Pool

#: a running row whose worker gave no sign of life for so long belongs to nobody
HEARTBEAT_LIFE = timedelta(seconds=20)
#: between storing a job and putting it in line a moment passes in which nobody else may pick it up
NEW_FOR = timedelta(seconds=20)


class JobStore:
    """The truth about every request."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(
        self,
        parameters: GenerationParameters,
        target: ReplyTarget,
        *,
        origin: Origin | None = None,
        parent_id: JobId | None = None,
        hints: Sequence[str] = (),
    ) -> Job:
        """Store a queued job and the vectors it needs; of the same origin there is only ever one."""
        vectors = {placed.content_hash: save(dict(placed.vectors)) for placed in parameters.embeddings}
        row = await self._pool.fetchrow(
            """
            WITH stored AS (
                INSERT INTO vectors (content_hash, data)
                SELECT * FROM unnest($1::text[], $2::bytea[])
                ON CONFLICT DO NOTHING
            )
            INSERT INTO jobs (parameters, origin, parent_id, hints, guild_id, channel_id, member_id, application_id,
                              interaction_token, reply_id, refers_to, upload_limit)
            VALUES ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (origin) WHERE origin IS NOT NULL DO UPDATE SET origin = excluded.origin  -- to have it returned
            RETURNING *
            """,
            sorted(vectors),
            [vectors[key] for key in sorted(vectors)],  # in one order, so that no two wait for each other
            parameters.as_json(),
            origin.key if origin else None,
            parent_id,
            list(hints),
            target.guild_id,
            target.channel_id,
            target.member_id,
            target.application_id,
            target.interaction_token,
            target.reply_id,
            target.refers_to,
            target.upload_limit,
        )
        assert row is not None
        return _job(row)

    async def get(self, job_id: JobId) -> Job | None:
        return await self._one("SELECT * FROM jobs WHERE id = $1", job_id)

    async def of_message(self, message_id: int) -> Job | None:
        """The job whose pictures this message shows."""
        return await self._one("SELECT * FROM jobs WHERE message_id = $1", message_id)

    async def load_plans(self, jobs: Sequence[Job]) -> tuple[GenerationParameters, ...]:
        """The jobs' plans with their vectors, for an engine or a reroll. Nothing else here reads vectors.

        Raises: KeyError, if vectors are missing.
        """
        hashes = {embedding.content_hash for job in jobs for embedding in job.parameters.embeddings}
        rows = await self._pool.fetch(
            "SELECT content_hash, data FROM vectors WHERE content_hash = ANY($1)", list(hashes)
        )
        vectors: dict[str, Vectors] = {row["content_hash"]: load(row["data"]) for row in rows}
        return tuple(job.parameters.with_vectors(vectors) for job in jobs)

    async def open(self) -> list[Job]:
        """Every job whose member is not answered yet, the oldest first."""
        rows = await self._pool.fetch("SELECT * FROM jobs WHERE answered_at IS NULL ORDER BY id")
        return [_job(row) for row in rows]

    async def hand_back(self) -> int:
        """Put running jobs back in line: this process has just started, so nobody works on them."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = 'queued' WHERE answered_at IS NULL AND state = 'running'"
        )
        return int(done.split()[-1])

    async def strays(self, known: Collection[JobId]) -> list[Job]:
        """Open jobs that nobody has in hand: neither `known` nor new, and without a heartbeat if they are running."""
        known = list(known)
        async with self._pool.transaction() as connection:
            await connection.execute(
                """
                UPDATE jobs SET state = 'queued'
                 WHERE answered_at IS NULL AND state = 'running' AND id <> ALL($1) AND heartbeat_at < now() - $2::interval
                """,
                known,
                HEARTBEAT_LIFE,
            )
            rows = await connection.fetch(
                """
                SELECT *
                  FROM jobs
                 WHERE answered_at IS NULL AND state <> 'running' AND id <> ALL($1)
                   AND coalesce(finished_at, started_at, asked_at) < now() - $2::interval
                 ORDER BY id
                """,
                known,
                NEW_FOR,
            )
        return [_job(row) for row in rows]

    async def claim(self, ids: Iterable[JobId]) -> set[JobId]:
        """Mark queued jobs as running; those that were cancelled, or are being changed just now, are not among the result.

        After Unavailable some may be claimed: release them.
        """
        rows = await self._pool.fetch(
            """
            UPDATE jobs
               SET state = 'running', started_at = now(), heartbeat_at = now(), attempts = attempts + 1
             WHERE id IN (SELECT id FROM jobs WHERE id = ANY($1) AND state = 'queued' FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            list(ids),
        )
        return {JobId(row["id"]) for row in rows}

    async def queued(self, ids: Iterable[JobId]) -> set[JobId]:
        """Those of the jobs that are in line."""
        rows = await self._pool.fetch("SELECT id FROM jobs WHERE id = ANY($1) AND state = 'queued'", list(ids))
        return {JobId(row["id"]) for row in rows}

    async def beat(self, ids: Iterable[JobId]) -> None:
        """Say that these are still worked on."""
        await self._pool.execute(
            "UPDATE jobs SET heartbeat_at = now() WHERE id = ANY($1) AND state = 'running'", list(ids)
        )

    @survives_outages
    async def release(self, job_id: JobId, attempts: int) -> None:
        """Put a job back in line that was tried so many times."""
        await self._pool.execute(
            "UPDATE jobs SET state = 'queued', attempts = $2 WHERE id = $1 AND state IN ('queued', 'running')",
            job_id,
            attempts,
        )

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
            job_id,
            list(pictures),
            seconds,
        )

    @survives_outages
    async def delivered(self, job_id: JobId, message_id: int) -> None:
        """The member has the pictures."""
        await self._pool.execute(
            """
            UPDATE jobs SET state = 'delivered', message_id = $2, answered_at = now()
             WHERE id = $1 AND state = 'rendered'
            """,
            job_id,
            message_id,
        )

    @survives_outages
    async def fail(self, job_id: JobId, sentence: str, error: str) -> Job | None:
        """There will be no pictures; the member is still to read the sentence. None, if the job had ended already."""
        return await self._one(
            """
            UPDATE jobs SET state = 'failed', sentence = $2, error = $3, finished_at = now()
             WHERE id = $1 AND answered_at IS NULL AND state <> 'cancelled'
            RETURNING *
            """,
            job_id,
            sentence,
            error,
        )

    @survives_outages
    async def answered(self, job_id: JobId) -> None:
        """The member has read why there are no pictures."""
        await self._pool.execute("UPDATE jobs SET answered_at = now() WHERE id = $1 AND answered_at IS NULL", job_id)

    @survives_outages
    async def give_up(self, job_id: JobId, error: str) -> None:
        """Neither the channel nor the member can be reached."""
        await self._pool.execute(
            """
            UPDATE jobs
               SET error = $2, answered_at = now(),
                   state = CASE state WHEN 'rendered' THEN 'undeliverable' ELSE state END
             WHERE id = $1 AND answered_at IS NULL
            """,
            job_id,
            error,
        )

    async def cancel(self, job_id: JobId) -> bool:
        """Withdraw a job that nobody works on yet; its card is still to say so."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE id = $1 AND state = 'queued'", job_id
        )
        return done == "UPDATE 1"

    @survives_outages
    async def withdraw(self, origin: Origin) -> None:
        """As if it had never been asked for: the member was told that nothing came of it. What has begun goes on."""
        await self._pool.execute(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now(), answered_at = now()
             WHERE origin = $1 AND state = 'queued'
            """,
            origin.key,
        )

    async def deleted(self, job_id: JobId) -> None:
        """The message with the pictures was taken down."""
        await self._pool.execute("UPDATE jobs SET state = 'deleted' WHERE id = $1 AND state = 'delivered'", job_id)

    async def pictures_wanted(self) -> set[str]:
        """Names of pictures that are not delivered yet."""
        rows = await self._pool.fetch(
            "SELECT unnest(pictures) AS name FROM jobs WHERE answered_at IS NULL AND state = 'rendered'"
        )
        return {row["name"] for row in rows}

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
        return _job(row) if row else None


def _job(row: asyncpg.Record) -> Job:
    return Job(
        id=JobId(row["id"]),
        state=JobState(row["state"]),
        parameters=PlanRecord.from_json(row["parameters"]),
        target=ReplyTarget(
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            member_id=row["member_id"],
            application_id=row["application_id"],
            interaction_token=row["interaction_token"],
            reply_id=row["reply_id"],
            refers_to=row["refers_to"],
            upload_limit=row["upload_limit"],
        ),
        asked_at=row["asked_at"],
        parent_id=row["parent_id"],
        attempts=row["attempts"],
        pictures=tuple(row["pictures"]),
        seconds=row["seconds"],
        message_id=row["message_id"],
        hints=tuple(row["hints"]),
        sentence=row["sentence"],
        finished_at=row["finished_at"],
    )
