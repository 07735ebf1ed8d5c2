"""Requests that were refused for something a button can mend."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.errors import Unavailable, UserError
from services.planning.again import mended
from services.planning.comparing import Rows
from services.requests import GenerationRequest
from services.storage.drafts import DraftStore


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as its member made it."""

    request: GenerationRequest
    preset: str | None = None
    #: of a comparison, else None
    grid: Grid | None = None

    def as_json(self) -> dict[str, Any]:
        grid = self.grid and {"rows": self.grid.rows, "is_blind": self.grid.is_blind}
        return {"request": self.request.as_json(), "preset": self.preset, "grid": grid}

    @staticmethod
    def from_json(table: Any) -> Draft:
        grid = table["grid"]
        rows = Rows(grid["rows"]) if grid and grid["rows"] else None
        request = GenerationRequest.from_json(table["request"])
        return Draft(request, table["preset"], Grid(rows, is_blind=grid["is_blind"]) if grid else None)


@dataclass(frozen=True, slots=True)
class Grid:
    """How /compare was asked to lay out its cells."""

    rows: Rows | None = None
    is_blind: bool = False


class Drafts:
    """Keeps them until their member presses the button, for a day."""

    def __init__(self, store: DraftStore) -> None:
        self._store = store

    async def keep(self, draft: Draft, refused: UserError, member_id: int) -> None:
        """Keep what was refused with its remedy, and note in the error where. Without a database there is no button."""
        if refused.remedy is None:
            return
        request = mended(draft.request, refused.remedy)
        with suppress(Unavailable):
            refused.draft_id = await self._store.keep(member_id, Draft(request, draft.preset, draft.grid).as_json())

    async def get(self, draft_id: int, member_id: int) -> Draft:
        """A member's own draft, mended.

        Raises: UserError, if it is too old, or somebody else's.
        """
        found = await self._store.get(draft_id, member_id)
        if found is None:
            raise UserError("I no longer have that request; please use the command again.")
        return Draft.from_json(found)
