"""Refused requests, kept with their remedy for the button under the refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.drafts import Draft, Drafts, Grid
from services.errors import UserError
from services.planning.comparing import Rows
from services.remedies import Remedy
from services.requests import GenerationRequest
from services.storage import Storage
from services.storage.drafts import KEPT_FOR
from tests.builders import choices
from tests.refusals import refused

REQUEST = GenerationRequest(prompt="a fish", embeddings=choices("blur:0.8", "tint"), cfg=1.0)
GONE = "I no longer have that request; please use the command again."


@pytest.fixture
def drafts(storage: Storage) -> Drafts:
    return Drafts(storage.drafts)


@pytest.mark.parametrize("grid", [None, Grid(), Grid(Rows.SEEDS, is_blind=True)])
async def test_a_draft_is_the_request_with_the_remedy_in_it(drafts: Drafts, grid: Grid | None) -> None:
    error = UserError("CFG!", Remedy("Draw with CFG 6", {"cfg": 6.0}))
    await drafts.keep(Draft(REQUEST, "night", grid), error, member_id=4)
    assert error.draft_id is not None
    draft = await drafts.get(error.draft_id, member_id=4)
    mended = GenerationRequest(prompt="a fish", embeddings=choices("blur:0.8", "tint"), cfg=6.0)
    assert draft == Draft(mended, "night", grid)


async def test_embeddings_can_be_replaced(drafts: Drafts) -> None:
    error = UserError("No.", Remedy("Draw with hands", {"embeddings": ["hands:0.8", "tint"]}))
    await drafts.keep(Draft(REQUEST), error, member_id=4)
    assert (await drafts.get(error.draft_id or 0, 4)).request.embeddings == choices("hands:0.8", "tint")


async def test_what_has_no_remedy_is_not_kept(drafts: Drafts, storage: Storage) -> None:
    error = UserError("No.")
    await drafts.keep(Draft(REQUEST), error, member_id=4)
    assert error.draft_id is None
    assert await storage.pool.fetchval("SELECT count(*) FROM drafts") == 0


async def test_a_draft_is_its_members_alone_and_ends_after_a_day(drafts: Drafts, storage: Storage) -> None:
    error = UserError("No.", Remedy("Yes"))
    await drafts.keep(Draft(REQUEST), error, member_id=4)
    with refused(GONE):
        await drafts.get(error.draft_id or 0, member_id=5)
    await storage.pool.execute("UPDATE drafts SET kept_at = now() - $1::interval", KEPT_FOR + timedelta(minutes=1))
    await drafts.keep(Draft(REQUEST), UserError("No.", Remedy("Yes")), member_id=6)
    with refused(GONE):
        await drafts.get(error.draft_id or 0, member_id=4)


async def test_a_member_can_have_their_drafts_deleted(drafts: Drafts, storage: Storage) -> None:
    await drafts.keep(Draft(REQUEST), UserError("No.", Remedy("Yes")), member_id=4)
    (kept,) = (await storage.personal.of_member(4))["drafts"]
    assert kept["draft"]["request"]["prompt"] == "a fish"
    await storage.personal.erase(4)
    assert (await storage.personal.of_member(4))["drafts"] == []
