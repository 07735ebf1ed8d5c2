"""Preset rows, and which preset is the default of a server or channel."""

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
    RETURNING xmax = 0  -- no older version of the row: it was inserted
"""


class PresetStore:
    """Names are kept as written and compared without regard to case."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    # Of two who save a new name at the same moment, the other unique index may refuse one; by then the row is there.
    @retry(retry=retry_if_exception_type(asyncpg.UniqueViolationError), stop=stop_after_attempt(5), reraise=True)
    async def save(self, preset: Preset) -> bool:
        """Store or overwrite; True, if it is new."""
        return await self._pool.fetchval(_SAVE, *_row(preset))

    @retry(retry=retry_if_exception_type(asyncpg.UniqueViolationError), stop=stop_after_attempt(5), reraise=True)
    async def save_all(self, presets: Sequence[Preset], *, replace: bool) -> Saved:
        """Store all of them or, if anything fails, none; a name that is taken is left alone unless `replace` says so."""
        added: list[str] = []
        replaced: list[str] = []
        left: list[str] = []
        async with self._pool.transaction() as connection:
            for preset in presets:
                is_new = await connection.fetchval(_SAVE if replace else _SAVE_NEW, *_row(preset))
                (left if is_new is None else added if is_new else replaced).append(preset.name)
        return Saved(tuple(added), tuple(replaced), tuple(left))

    async def rename(self, guild_id: int, name: str, new: str) -> bool:
        """Give a preset another name, under which it stays whatever it is default of; False, if that name is taken."""
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
        """The presets of a server, the most used first."""
        rows = await self._pool.fetch("SELECT * FROM presets WHERE guild_id = $1 ORDER BY uses DESC, name", guild_id)
        return [_preset(row) for row in rows]

    async def names(self) -> dict[int, list[str]]:
        """The names of all presets, by server."""
        rows = await self._pool.fetch(
            "SELECT guild_id, array_agg(name ORDER BY name) AS names FROM presets GROUP BY guild_id"
        )
        return {row["guild_id"]: list(row["names"]) for row in rows}

    async def naming(self, guild_id: int, embeddings: Iterable[str]) -> list[str]:
        """Names of a server's presets that name one of the embeddings, with a strength or without."""
        rows = await self._pool.fetch(
            """
            SELECT name
              FROM presets
             WHERE guild_id = $1
               AND EXISTS (SELECT FROM jsonb_array_elements_text(request -> 'embeddings') AS named
                            WHERE lower(trim(split_part(named, ':', 1))) = ANY($2))
             ORDER BY name
            """,
            guild_id,
            [one.lower() for one in embeddings],
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
        """Make a preset the default of a channel (or WHOLE_SERVER); None takes the default away."""
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

    async def places(self, guild_id: int) -> dict[int, str]:
        """Which preset is the default where: its name by the channel's id, or by WHOLE_SERVER."""
        rows = await self._pool.fetch("SELECT channel_id, name FROM default_presets WHERE guild_id = $1", guild_id)
        return {row["channel_id"]: row["name"] for row in rows}

    async def defaults(self, guild_id: int, channel_ids: Sequence[int]) -> list[Preset]:
        """The default presets that apply in a channel, or a thread and its channel: the nearest first, the server's last."""
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
