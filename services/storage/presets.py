"""Preset rows, and the default presets of servers and channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from services.requests import WHOLE_SERVER, GenerationRequest, Preset, Saved
from services.storage.pool import Pool

_SAVE_NEW = """
    INSERT INTO presets (guild_id, name, request, author_id, locked)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (guild_id, lower(name)) DO NOTHING
    RETURNING true
"""
_SAVE = """
    INSERT INTO presets (guild_id, name, request, author_id, locked)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (guild_id, lower(name))
       DO UPDATE SET request = excluded.request, author_id = excluded.author_id, locked = excluded.locked,
                     updated_at = now()
    RETURNING xmax = 0  -- true for a row that was inserted, not updated
"""


class PresetStore:
    """Names keep their case but are compared without it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # When two members save the same new name at once, the primary key may refuse one of them, since ON CONFLICT names
    # only the other index. By then the row exists, so a second try updates it.
    @retry(retry=retry_if_exception_type(asyncpg.UniqueViolationError), stop=stop_after_attempt(5), reraise=True)
    async def save(self, preset: Preset) -> bool:
        """Store or overwrite a preset; True if it is new."""
        return await self._pool.fetchval(_SAVE, *_row(preset))

    @retry(retry=retry_if_exception_type(asyncpg.UniqueViolationError), stop=stop_after_attempt(5), reraise=True)
    async def save_all(self, presets: Sequence[Preset], *, replace: bool) -> Saved:
        """Store all presets or, if any fails, none. Existing names are overwritten only with `replace`."""
        added: list[str] = []
        replaced: list[str] = []
        left: list[str] = []
        async with self._pool.transaction() as connection:
            for preset in presets:
                is_new = await connection.fetchval(_SAVE if replace else _SAVE_NEW, *_row(preset))
                (left if is_new is None else added if is_new else replaced).append(preset.name)
        return Saved(tuple(added), tuple(replaced), tuple(left))

    async def rename(self, guild_id: int, name: str, new: str) -> bool:
        """Rename a preset, which keeps its defaults; False if the new name is taken."""
        try:
            await self._pool.execute(
                "UPDATE presets SET name = $3, updated_at = now() WHERE guild_id = $1 AND lower(name) = lower($2)",
                guild_id,
                name,
                new,
            )
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def get(self, guild_id: int, name: str) -> Preset | None:
        row = await self._pool.fetchrow(
            "SELECT * FROM presets WHERE guild_id = $1 AND lower(name) = lower($2)", guild_id, name
        )
        return _preset(row) if row else None

    async def all(self, guild_id: int) -> list[Preset]:
        """A server's presets, most used first."""
        rows = await self._pool.fetch("SELECT * FROM presets WHERE guild_id = $1 ORDER BY uses DESC, name", guild_id)
        return [_preset(row) for row in rows]

    async def names(self) -> dict[int, list[str]]:
        """The names of all presets, keyed by server."""
        rows = await self._pool.fetch(
            "SELECT guild_id, array_agg(name ORDER BY name) AS names FROM presets GROUP BY guild_id"
        )
        return {row["guild_id"]: list(row["names"]) for row in rows}

    async def using_embeddings(self, guild_id: int, embeddings: Iterable[str]) -> list[str]:
        """Names of a server's presets that mention any of the embeddings, with or without a strength."""
        rows = await self._pool.fetch(
            """
            SELECT name
              FROM presets
             WHERE guild_id = $1
               AND EXISTS (SELECT FROM jsonb_array_elements_text(request -> 'embeddings') AS named
                            WHERE lower(trim(regexp_replace(named, ':[-+.0-9e]+$', ''))) = ANY($2))
             ORDER BY name
            """,
            guild_id,
            [name.lower() for name in embeddings],
        )
        return [row["name"] for row in rows]

    async def delete(self, guild_id: int, name: str) -> bool:
        done = await self._pool.execute(
            "DELETE FROM presets WHERE guild_id = $1 AND lower(name) = lower($2)", guild_id, name
        )
        return done == "DELETE 1"

    async def count_use(self, guild_id: int, name: str) -> None:
        await self._pool.execute("UPDATE presets SET uses = uses + 1 WHERE guild_id = $1 AND name = $2", guild_id, name)

    async def set_default(self, guild_id: int, channel_id: int, name: str | None) -> None:
        """Make a preset the default for a channel (or WHOLE_SERVER); None clears the default."""
        if name is None:
            await self._pool.execute(
                "DELETE FROM default_presets WHERE guild_id = $1 AND channel_id = $2", guild_id, channel_id
            )
            return
        await self._pool.execute(
            """
            INSERT INTO default_presets (guild_id, channel_id, name)
            VALUES ($1, $2, $3)
            ON CONFLICT (guild_id, channel_id) DO UPDATE SET name = excluded.name
            """,
            guild_id,
            channel_id,
            name,
        )

    async def default_names(self, guild_id: int) -> dict[int, str]:
        """Names of the default presets, keyed by channel id or WHOLE_SERVER."""
        rows = await self._pool.fetch("SELECT channel_id, name FROM default_presets WHERE guild_id = $1", guild_id)
        return {row["channel_id"]: row["name"] for row in rows}

    async def defaults(self, guild_id: int, channel_ids: Sequence[int]) -> list[Preset]:
        """The default presets for a channel, or for a thread and its channel: most specific first, the server's last."""
        rows = await self._pool.fetch(
            """
            SELECT presets.*
              FROM default_presets JOIN presets USING (guild_id, name)
             WHERE guild_id = $1 AND channel_id = ANY($2)
             ORDER BY array_position($2, channel_id)
            """,
            guild_id,
            [*channel_ids, WHOLE_SERVER],
        )
        return [_preset(row) for row in rows]


def _row(preset: Preset) -> tuple[Any, ...]:
    return preset.guild_id, preset.name, preset.request.as_json(), preset.author_id, list(preset.locked)


def _preset(row: asyncpg.Record) -> Preset:
    request = GenerationRequest.from_json(row["request"])
    return Preset(row["guild_id"], row["name"], request, row["author_id"], row["uses"], tuple(row["locked"]))
