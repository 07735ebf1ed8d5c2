"""Job rows: queued, claimed, rendered, delivered. Each transition is a single statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from safetensors.numpy import load, save

from services.events import Events, JobMoved, JobStarted
from services.jobs import Job, JobId, JobState, Origin, Reason, ReplyTarget
from services.parameters import GenerationParameters, Vectors
from services.remedies import Hint
from services.storage.job_counts import JobCounts
from services.storage.job_rows import hint_columns, job_of, life_of, target_columns
from services.storage.pool import Pool
from services.storage.retries import retry_while_unavailable

#: a running row whose last heartbeat is older than this has lost its worker
HEARTBEAT_LIFE = timedelta(seconds=20)
#: a job is stored a moment before it joins the line; until it is this old, it isn't taken for orphaned
NEW_FOR = timedelta(seconds=20)


class JobStore(JobCounts):
    """The source of truth about every request; tells what becomes of each."""

    def __init__(self, pool: Pool, events: Events) -> None:
        super().__init__(pool)
        self._events = events

    async def add(
        self,
        parameters: GenerationParameters,
        target: ReplyTarget,
        *,
        origin: Origin | None = None,
        parent_id: JobId | None = None,
        hints: Sequence[Hint] = (),
    ) -> Job:
        """Store a queued job with its vectors, or return the job that this origin already has."""
        vectors = {placed.content_hash: save(dict(placed.vectors)) for placed in parameters.embeddings}
        row = await self._pool.fetchrow(
            """
            WITH stored AS (
                INSERT INTO vectors (content_hash, data)
                SELECT * FROM unnest($1::text[], $2::bytea[])
                ON CONFLICT (content_hash) DO UPDATE SET used_at = now()
            )
            INSERT INTO jobs (parameters, origin, parent_id, hints, remedy, guild_id, channel_id, member_id, application_id,
                              interaction_token, reply_id, refers_to, is_private, upload_limit)
            VALUES ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            ON CONFLICT (origin) WHERE origin IS NOT NULL
               DO UPDATE SET origin = excluded.origin  -- a no-op, so that RETURNING yields the existing row
            RETURNING *, xmax = 0 AS is_new
            """,
            sorted(vectors),
            [vectors[key] for key in sorted(vectors)],  # in a fixed order, so that concurrent inserts don't deadlock
            parameters.as_json(),
            origin.key if origin else None,
            parent_id,
            *hint_columns(hints),
            *target_columns(target),
        )
        assert row is not None
        if row["is_new"]:
            self._moved(JobState.QUEUED)
        return job_of(row)

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

    async def unanswered(self) -> list[Job]:
        """Every job whose member hasn't been answered yet, oldest first."""
        rows = await self._pool.fetch("SELECT * FROM jobs WHERE answered_at IS NULL ORDER BY id")
        return [job_of(row) for row in rows]

    async def requeue_running(self) -> int:
        """Put running jobs back in line and return how many; for a start, when no worker runs yet."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = 'queued' WHERE answered_at IS NULL AND state = 'running'"
        )
        return int(done.split()[-1])

    async def orphaned(self, in_hand: Collection[JobId]) -> list[Job]:
        """Unanswered jobs that fell through the cracks: not `in_hand`, not new, and, if running, without a heartbeat.

        Running ones are put back in line.
        """
        ids = list(in_hand)
        async with self._pool.transaction() as connection:
            await connection.execute(
                """
                UPDATE jobs SET state = 'queued'
                 WHERE answered_at IS NULL AND state = 'running' AND id <> ALL($1) AND heartbeat_at < now() - $2::interval
                """,
                ids,
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
                ids,
                NEW_FOR,
            )
        return [job_of(row) for row in rows]

    async def claim(self, ids: Iterable[JobId]) -> set[JobId]:
        """Mark queued jobs as running and return them, without those that were cancelled or that another statement locks.

        After Unavailable some may be claimed all the same: release them.
        """
        rows = await self._pool.fetch(
            """
            UPDATE jobs
               SET state = 'running', started_at = now(), heartbeat_at = now(), attempts = attempts + 1
             WHERE id IN (SELECT id FROM jobs WHERE id = ANY($1) AND state = 'queued' FOR UPDATE SKIP LOCKED)
            RETURNING id, attempts, extract(epoch FROM started_at - asked_at)::float8 AS waited
            """,
            list(ids),
        )
        for row in rows:
            self._moved(JobState.RUNNING)
            if row["attempts"] == 1:
                self._events.tell(JobStarted(row["waited"]))
        return {JobId(row["id"]) for row in rows}

    async def still_queued(self, ids: Iterable[JobId]) -> set[JobId]:
        """The jobs among `ids` that are queued."""
        rows = await self._pool.fetch("SELECT id FROM jobs WHERE id = ANY($1) AND state = 'queued'", list(ids))
        return {JobId(row["id"]) for row in rows}

    async def record_heartbeat(self, ids: Iterable[JobId]) -> None:
        """Record that these jobs are still being worked on."""
        await self._pool.execute(
            "UPDATE jobs SET heartbeat_at = now() WHERE id = ANY($1) AND state = 'running'", list(ids)
        )

    @retry_while_unavailable
    async def release(self, job_id: JobId, attempts: int) -> None:
        """Put a job back in line, with `attempts` as its number of tries so far."""
        await self._pool.execute(
            "UPDATE jobs SET state = 'queued', attempts = $2 WHERE id = $1 AND state IN ('queued', 'running')",
            job_id,
            attempts,
        )

    @retry_while_unavailable
    async def mark_rendered(
        self, job_id: JobId, pictures: Sequence[str], seconds: float, scores: Sequence[float] = ()
    ) -> Job | None:
        """Record that the pictures are on disk. None if the job is no longer running."""
        done = await self._one(
            """
            UPDATE jobs
               SET state = 'rendered', pictures = $2, seconds = $3, scores = $4, finished_at = now()
             WHERE id = $1 AND state IN ('running', 'rendered')  -- the latter on a retry after a lost response
            RETURNING *
            """,
            job_id,
            list(pictures),
            seconds,
            list(scores),
        )
        if done is not None:
            self._moved(JobState.RENDERED)
        return done

    @retry_while_unavailable
    async def mark_delivered(self, job_id: JobId, message_id: int) -> None:
        """Record that the member has the pictures, unless they were deleted as soon as they appeared."""
        await self._close(
            """
            UPDATE jobs SET state = 'delivered', message_id = $2, answered_at = now()
             WHERE id = $1 AND state = 'rendered'
            RETURNING *
            """,
            job_id,
            message_id,
        )

    @retry_while_unavailable
    async def fail(self, job_id: JobId, sentence: str, error: str, reason: Reason = Reason.BUG) -> Job | None:
        """Record that there will be no pictures. The member has yet to read `sentence`. None if the job had already ended."""
        failed = await self._one(
            """
            UPDATE jobs SET state = 'failed', sentence = $2, error = $3, finished_at = now()
             WHERE id = $1 AND answered_at IS NULL AND state <> 'cancelled'
            RETURNING *
            """,
            job_id,
            sentence,
            error,
        )
        if failed is not None:
            self._moved(JobState.FAILED, reason)
        return failed

    @retry_while_unavailable
    async def mark_answered(self, job_id: JobId) -> None:
        """Record that the member was told why there are no pictures."""
        await self._close(
            "UPDATE jobs SET answered_at = now() WHERE id = $1 AND answered_at IS NULL RETURNING *", job_id
        )

    @retry_while_unavailable
    async def give_up(self, job_id: JobId, error: str) -> None:
        """Close a job whose channel and member can't be reached."""
        await self._close(
            """
            UPDATE jobs
               SET error = $2, answered_at = now(), state = CASE state WHEN 'rendered' THEN 'undeliverable' ELSE state END
             WHERE id = $1 AND answered_at IS NULL
            RETURNING *
            """,
            job_id,
            error,
        )

    async def cancel(self, job_id: JobId) -> bool:
        """Cancel a job that is still in line; its card has yet to say so. False if it is too late."""
        done = await self._pool.execute(
            "UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE id = $1 AND state = 'queued'", job_id
        )
        return done == "UPDATE 1"

    @retry_while_unavailable
    async def withdraw(self, origin: Origin) -> None:
        """Drop a queued job whose member was told that the request failed. A job that is already running goes on."""
        await self._close(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now(), answered_at = now()
             WHERE origin = $1 AND state = 'queued'
            RETURNING *
            """,
            origin.key,
        )

    async def mark_deleted(self, job_id: JobId) -> None:
        """Record that the message with the pictures was deleted, even if its delivery isn't recorded yet, and drop its text."""
        row = await self._pool.fetchrow(
            """
            UPDATE jobs
               SET state = 'deleted', answered_at = coalesce(answered_at, now()), interaction_token = NULL, hints = '{}',
                   remedy = NULL, parameters = parameters || '{"prompt": "", "negative": ""}'
             WHERE id = $1 AND state IN ('rendered', 'delivered')
            RETURNING *, answered_at = now() AS is_closed
            """,
            job_id,
        )
        if row and row["is_closed"]:
            self._events.tell(life_of(row))

    @retry_while_unavailable
    async def set_reply(self, job_id: JobId, reply_id: int) -> None:
        """Remember the message that shows the place in line."""
        await self._pool.execute("UPDATE jobs SET reply_id = $2 WHERE id = $1", job_id, reply_id)

    async def _one(self, query: str, *values: object) -> Job | None:
        row = await self._pool.fetchrow(query, *values)
        return job_of(row) if row else None

    async def _close(self, query: str, *values: object) -> None:
        """Run a statement after which a job needs no more attention, and tell its life."""
        row = await self._pool.fetchrow(query, *values)
        if row:
            self._events.tell(life_of(row))

    def _moved(self, state: JobState, reason: Reason = Reason.NONE) -> None:
        self._events.tell(JobMoved(state, reason))
