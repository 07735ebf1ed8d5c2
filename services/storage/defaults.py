"""Members' own defaults."""

from __future__ import annotations

from services.requests import GenerationRequest, MemberDefaults
from services.storage.pool import Pool


class DefaultsStore:
    """One row for each member who has any."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, member_id: int) -> MemberDefaults:
        """What a member has set, which may be nothing."""
        row = await self._pool.fetchrow(
            "SELECT request, is_private FROM member_defaults WHERE member_id = $1", member_id
        )
        if row is None:
            return MemberDefaults()
        return MemberDefaults(GenerationRequest.from_json(row["request"]), row["is_private"])

    async def save(self, member_id: int, defaults: MemberDefaults) -> None:
        """Replace what a member had set."""
        await self._pool.execute(
            """
            INSERT INTO member_defaults (member_id, request, is_private) VALUES ($1, $2, $3)
            ON CONFLICT (member_id) DO UPDATE SET request = excluded.request, is_private = excluded.is_private
            """,
            member_id,
            defaults.request.as_json(),
            defaults.is_private,
        )
