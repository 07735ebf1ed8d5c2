"""The audit log: who changed things that all members share."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.errors import Unavailable
from services.storage.pool import Pool
from services.storage.retries import retry_for

log = logging.getLogger(__name__)

#: the member whose change is recorded waits for this too
PATIENCE = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change; ids are Discord's."""

    guild_id: int | None
    member_id: int
    action: str
    subject: str
    detail: Mapping[str, Any]
    at: datetime | None = None


class AuditStore:
    """Append-only."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, entry: AuditEntry) -> None:
        """Record a change that has already happened; through a long outage, in the log file instead of the database."""
        try:
            # a lost response may lead to a duplicate, which is harmless
            await retry_for(PATIENCE, self._insert)(entry)
        except Unavailable:
            log.error("the database is away, so this is only recorded here: %s", entry)

    async def _insert(self, entry: AuditEntry) -> None:
        await self._pool.execute(
            "INSERT INTO audit (guild_id, member_id, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
            entry.guild_id,
            entry.member_id,
            entry.action,
            entry.subject,
            dict(entry.detail),
        )

    async def latest(self, count: int = 100) -> list[AuditEntry]:
        """The most recent entries, newest first."""
        rows = await self._pool.fetch(
            "SELECT guild_id, member_id, action, subject, detail, at FROM audit ORDER BY id DESC LIMIT $1", count
        )
        return [AuditEntry(**dict(row)) for row in rows]
