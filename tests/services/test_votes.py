"""Votes: one a member, changeable, and of weight in a server only once there are enough."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comparison import Comparison, Row, without_each_all
from services.jobs import Job
from services.storage import Storage
from services.storage.votes import Tally
from services.votes import MIN_VOTES, Votes, wilson_lower_bound
from tests.builders import a_placed, a_plan, a_target
from tests.refusals import refused

WITHOUT, BLUR, TINT, TOGETHER = range(4)


@pytest.fixture
def votes(storage: Storage) -> Votes:
    return Votes(storage.votes)


async def a_comparison(storage: Storage, guild_id: int | None = 10, *, is_blind: bool = False) -> Job:
    """Blur and tint, each alone and together."""
    grid = Comparison(without_each_all(("blur", "tint")), (Row(0, 6.0),), is_blind)
    plan = a_plan(embeddings=(a_placed("blur"), a_placed("tint", seed=4)), comparison=grid, count=len(grid))
    return await storage.jobs.add(plan, a_target(guild_id=guild_id))


async def test_a_member_has_one_vote_and_may_change_it(storage: Storage, votes: Votes) -> None:
    job = await a_comparison(storage)
    assert await votes.cast(job, 1, BLUR) == {BLUR: 1}
    assert await votes.cast(job, 2, BLUR) == {BLUR: 2}
    assert await votes.cast(job, 1, TINT) == {BLUR: 1, TINT: 1}


async def test_votes_for_no_column_or_of_no_comparison_are_refused(storage: Storage, votes: Votes) -> None:
    plain = await storage.jobs.add(a_plan(), a_target(guild_id=10))
    for job, column in ((await a_comparison(storage), 4), (await a_comparison(storage), -1), (plain, 0)):
        with refused("That isn't a column of this comparison."):
            await votes.cast(job, 1, column)


async def test_votes_count_in_their_server_for_embeddings_that_stood_alone(storage: Storage, votes: Votes) -> None:
    job = await a_comparison(storage)
    for member, column in enumerate((BLUR, BLUR, TINT, TOGETHER, WITHOUT)):
        await votes.cast(job, member, column)
    assert votes.tally(10, "blur") == Tally(2, 5)
    assert votes.tally(10, "tint") == Tally(1, 5)
    assert votes.tally(11, "blur") == Tally(0, 0)
    restarted = Votes(storage.votes)
    await restarted.load()
    assert restarted.standings(10) == votes.standings(10)
    assert votes.standings(10)["blur"] > votes.standings(10)["tint"] > 0


async def test_votes_in_direct_messages_belong_to_no_server(storage: Storage, votes: Votes) -> None:
    job = await a_comparison(storage, guild_id=None)
    for member in range(MIN_VOTES):
        await votes.cast(job, member, BLUR)
    assert votes.standings(None) == {}
    await votes.load()
    assert votes.standings(None) == {}


async def test_fewer_than_three_votes_change_nothing(storage: Storage, votes: Votes) -> None:
    job = await a_comparison(storage)
    for member in range(MIN_VOTES):
        assert votes.standings(10) == {}
        await votes.cast(job, member, BLUR)
    assert set(votes.standings(10)) == {"blur", "tint"}


async def test_an_ended_blind_vote_shows_its_names_from_then_on(storage: Storage, votes: Votes) -> None:
    job = await a_comparison(storage, is_blind=True)
    await votes.cast(job, 1, TINT)
    assert await votes.close(job) == {TINT: 1}
    stored = await storage.jobs.get(job.id)
    assert stored is not None
    assert stored.parameters.comparison is not None
    assert not stored.parameters.comparison.is_blind


@given(trials=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_lower_bound_is_below_the_share_and_approaches_it(trials: int, share: float) -> None:
    successes = round(share * trials)
    bound = wilson_lower_bound(successes, trials)
    assert 0 <= bound <= successes / trials + 1e-12
    assert bound >= successes / trials - 2 / math.sqrt(trials)


def test_many_votes_of_the_same_share_weigh_more_than_few() -> None:
    assert wilson_lower_bound(0, 0) == 0
    assert wilson_lower_bound(3, 3) == pytest.approx(0.4385, abs=1e-4)
    assert wilson_lower_bound(3, 3) < wilson_lower_bound(30, 30) < 1
    assert wilson_lower_bound(90, 100) > wilson_lower_bound(3, 3)
