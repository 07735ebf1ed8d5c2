"""Policies of servers, and of the whole bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.storage.pool import Pool

#: in place of a server's id
WHOLE_BOT = 0


class PolicyStore:
    """Each policy is one JSON object; the service knows what is in it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self) -> dict[int, Mapping[str, Any]]:
        """Every policy by its server's id, or WHOLE_BOT."""
        return {
            row["guild_id"]: row["policy"] for row in await self._pool.fetch("SELECT guild_id, policy FROM policies")
        }

    async def save(self, guild_id: int, policy: Mapping[str, Any]) -> None:
        await self._pool.execute(
            """
            INSERT INTO policies (guild_id, policy) VALUES ($1, $2)
            ON CONFLICT (guild_id) DO UPDATE SET policy = excluded.policy, updated_at = now()
            """,
            guild_id,
            dict(policy),
        )
