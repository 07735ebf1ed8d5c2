"""What asked for a job: the same interaction asks for one job, however often it is sent."""

from __future__ import annotations

import pytest

from services.jobs import Origin
from services.storage import Storage
from tests.builders import a_plan, a_target


def test_an_interaction_is_one_origin() -> None:
    assert Origin.of_interaction(5) == Origin.of_interaction(5)
    assert Origin.of_interaction(5) != Origin.of_interaction(6)


def test_every_reaction_is_its_own_origin() -> None:
    assert len({Origin.of_reaction(1, 2) for _ in range(20)}) == 20


@pytest.mark.parametrize("number", [5, 2**63])
def test_a_reaction_is_never_taken_for_an_interaction(number: int) -> None:
    assert Origin.of_reaction(number, 7).key.startswith("reaction:")
    assert Origin.of_interaction(number).key == f"interaction:{number}"


async def test_a_reaction_that_is_added_again_asks_for_another_job_and_a_retry_does_not(storage: Storage) -> None:
    first, again = Origin.of_reaction(1, 2), Origin.of_reaction(1, 2)
    jobs = [await storage.jobs.add(a_plan(), a_target(), origin=origin) for origin in (first, first, again)]
    assert jobs[0].id == jobs[1].id != jobs[2].id
