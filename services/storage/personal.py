"""What is stored about a member: read it all, erase it, and forget what is old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from services.jobs import Job
from services.storage.job_rows import job_of
from services.storage.pool import Pool

#: Discord's tokens answer an interaction for this long
TOKEN_LIFE = timedelta(minutes=15)
#: a request stores its vectors a moment before its row can be seen
VECTORS_NEW_FOR = timedelta(hours=1)
#: what is only about the member
_ERASE = (
    "DELETE FROM votes WHERE member_id = $1",
    "DELETE FROM drafts WHERE member_id = $1",
    "DELETE FROM member_defaults WHERE member_id = $1",
    "DELETE FROM favourites WHERE member_id = $1",
)
#: in place of the id of a member who wants to be forgotten
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    requests: int
    #: files that no other request uses
    pictures: tuple[str, ...] = ()
    #: requests that are being drawn or sent; they are erased once they are answered
    pending: int = 0


class PersonalData:
    """Ids are Discord's."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_member(self, member_id: int) -> dict[str, list[Mapping[str, Any]]]:
        """Every row about a member, keyed by its kind. Tokens, which are secrets of Discord's, are left out."""
        queries = {
            "requests": """
                SELECT id, state, asked_at, finished_at, guild_id, channel_id, message_id, parameters, hints, pictures, scores,
                       sentence
                  FROM jobs WHERE member_id = $1 ORDER BY id
            """,
            "presets": """
                SELECT guild_id, name, request, created_at, updated_at
                  FROM presets WHERE author_id = $1 ORDER BY guild_id, name
            """,
            "votes": """
                SELECT job_id, guild_id, parameters -> 'comparison' -> 'columns' -> column_at ->> 'label' AS vote, voted_at
                  FROM votes JOIN jobs ON jobs.id = votes.job_id
                 WHERE votes.member_id = $1 ORDER BY job_id
            """,
            "drafts": "SELECT draft, kept_at FROM drafts WHERE member_id = $1 ORDER BY id",
            "defaults": "SELECT request, is_private FROM member_defaults WHERE member_id = $1",
            "favourites": "SELECT job_id, kept_at FROM favourites WHERE member_id = $1 ORDER BY kept_at",
            "changes": "SELECT guild_id, at, action, subject, detail FROM audit WHERE member_id = $1 ORDER BY id",
        }
        return {
            kind: [dict(row) for row in await self._pool.fetch(query, member_id)] for kind, query in queries.items()
        }

    async def cancel_waiting(self, member_id: int) -> list[Job]:
        """Cancel what a member has in line and return it; its cards have yet to say so."""
        rows = await self._pool.fetch(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = now()
             WHERE member_id = $1 AND state = 'queued'
            RETURNING *
            """,
            member_id,
        )
        return [job_of(row) for row in rows]

    async def erase(self, member_id: int) -> Erased:
        """Delete a member's requests, or mark those that aren't answered yet; presets stay, without their author."""
        async with self._pool.transaction() as connection:
            await connection.execute("UPDATE presets SET author_id = $2 WHERE author_id = $1", member_id, NOBODY)
            for query in _ERASE:
                await connection.execute(query, member_id)
            pending = await connection.fetch(
                "UPDATE jobs SET erase = true WHERE member_id = $1 AND answered_at IS NULL RETURNING state", member_id
            )
            rows = await connection.fetch(
                "DELETE FROM jobs WHERE member_id = $1 AND answered_at IS NOT NULL RETURNING pictures", member_id
            )
        drawn = sum(row["state"] != "cancelled" for row in pending)
        return Erased(len(rows) + len(pending) - drawn, await self._unused(rows), drawn)

    async def erase_answered(self) -> Erased:
        """Delete the rows that were marked and are answered by now."""
        rows = await self._pool.fetch("DELETE FROM jobs WHERE erase AND answered_at IS NOT NULL RETURNING pictures")
        return Erased(len(rows), await self._unused(rows))

    async def forget(self, age: timedelta) -> Erased:
        """Take text out of rows answered `age` ago, expired tokens out of all, and pictures out of deleted ones."""
        await self._pool.execute(
            "UPDATE jobs SET interaction_token = NULL WHERE interaction_token IS NOT NULL AND answered_at < now() - $1::interval",
            TOKEN_LIFE,
        )
        await self._pool.execute(
            """
            UPDATE jobs SET parameters = parameters || '{"prompt": "", "negative": ""}', hints = '{}', remedy = NULL
             WHERE answered_at < now() - $1::interval AND parameters ->> 'prompt' <> ''
            """,
            age,
        )
        rows = await self._pool.fetch(
            """
            UPDATE jobs SET pictures = '{}'
              FROM (SELECT id, pictures FROM jobs WHERE state = 'deleted' AND pictures <> '{}' FOR UPDATE) AS before
             WHERE jobs.id = before.id
            RETURNING before.pictures
            """
        )
        return Erased(len(rows), await self._unused(rows))

    async def prune_vectors(self) -> int:
        """Delete vectors that no request needs; returns how many."""
        done = await self._pool.execute(
            """
            DELETE FROM vectors
             WHERE used_at < now() - $1::interval
               AND content_hash NOT IN (SELECT placed ->> 'content_hash'
                                          FROM jobs, jsonb_array_elements(parameters -> 'embeddings') AS placed
                                         WHERE parameters ->> 'prompt' <> '')
            """,
            VECTORS_NEW_FOR,
        )
        return int(done.split()[-1])

    async def _unused(self, rows: Iterable[asyncpg.Record]) -> tuple[str, ...]:
        """The pictures of rows that are gone, without those that another request has too."""
        names = sorted({name for row in rows for name in row["pictures"]})
        kept = await self._pool.fetch(
            "SELECT name FROM unnest($1::text[]) AS name WHERE EXISTS (SELECT FROM jobs WHERE pictures @> ARRAY[name])",
            names,
        )
        return tuple(sorted(set(names) - {row["name"] for row in kept}))
