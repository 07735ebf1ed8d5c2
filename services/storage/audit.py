"""Who changed what everybody uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.storage.outage import survives_outages
from services.storage.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One change; ids are Discord's."""

    guild_id: int | None
    member_id: int
    action: str
    subject: str
    detail: Mapping[str, Any]
    at: datetime | None = None


class AuditStore:
    """Lines are added and never changed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @survives_outages  # what is done is done, so its line waits; one that stands twice misleads nobody
    async def add(self, line: AuditLine) -> None:
        await self._pool.execute(
            "INSERT INTO audit (guild_id, member_id, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
            line.guild_id,
            line.member_id,
            line.action,
            line.subject,
            dict(line.detail),
        )

    async def latest(self, count: int = 100) -> list[AuditLine]:
        """The newest lines, the newest first."""
        rows = await self._pool.fetch(
            "SELECT guild_id, member_id, action, subject, detail, at FROM audit ORDER BY id DESC LIMIT $1", count
        )
        return [AuditLine(**dict(row)) for row in rows]
