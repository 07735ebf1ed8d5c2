"""The audit log: who changed what all members share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.storage.pool import Pool
from services.storage.retries import retry_while_unavailable


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

    @retry_while_unavailable  # the change has already happened, so its entry must not be lost; a duplicate is harmless
    async def add(self, entry: AuditEntry) -> None:
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
