"""Requests that were refused and can be mended with a button."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.storage.pool import Pool

#: nobody scrolls back further to a private refusal, which Discord forgets too
KEPT_FOR = timedelta(days=1)


class DraftStore:
    """Each draft is one JSON object; the service knows what is in it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, member_id: int, draft: Mapping[str, Any]) -> int:
        """Returns the draft's id. Drafts that are too old are dropped on the way."""
        await self._pool.execute("DELETE FROM drafts WHERE kept_at < now() - $1::interval", KEPT_FOR)
        return await self._pool.fetchval(
            "INSERT INTO drafts (member_id, draft) VALUES ($1, $2) RETURNING id", member_id, dict(draft)
        )

    async def get(self, draft_id: int, member_id: int) -> Mapping[str, Any] | None:
        """A member's own draft; None if there is none, or it is somebody else's."""
        return await self._pool.fetchval(
            "SELECT draft FROM drafts WHERE id = $1 AND member_id = $2", draft_id, member_id
        )
