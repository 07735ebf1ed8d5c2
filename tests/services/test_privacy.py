"""A member's data: shown whole, erased whole, and nothing of anybody else's; and what is forgotten by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from services.comparison import Comparison, Row, without_each_all
from services.jobs import Job, JobState
from services.parameters import GenerationParameters
from services.privacy import Privacy
from services.requests import GenerationRequest, Preset
from services.storage import Storage
from tests.builders import a_placed, a_plan, a_target
from tests.services.queue.test_generation import Bench

ANA, BEN = 1, 2


@pytest.fixture
def bench(storage: Storage, tmp_path: Path) -> Bench:
    return Bench(storage, tmp_path)


@pytest.fixture
def privacy(bench: Bench, storage: Storage) -> Privacy:
    return Privacy(
        personal=storage.personal,
        line=bench.line,
        delivery=bench.delivery,
        pictures=bench.pictures,
        keep_text=timedelta(days=30),
    )


async def delivered(
    bench: Bench, storage: Storage, member: int, picture: bytes, plan: GenerationParameters | None = None
) -> Job:
    """A job whose member has its picture."""
    job = await storage.jobs.add(plan or a_plan(), a_target(member, interaction_token="secret"))
    await storage.jobs.claim([job.id])
    await storage.jobs.mark_rendered(job.id, await bench.pictures.save([picture]), 1.0)
    await storage.jobs.mark_delivered(job.id, 1000 + job.id)
    found = await storage.jobs.get(job.id)
    assert found is not None
    return found


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.png")}


async def age(storage: Storage, days: int) -> None:
    await storage.pool.execute("UPDATE jobs SET answered_at = answered_at - make_interval(days => $1)", days)
    await storage.pool.execute("UPDATE vectors SET used_at = used_at - make_interval(days => $1)", days)


async def test_a_member_sees_all_of_their_own_and_no_secret(bench: Bench, storage: Storage, privacy: Privacy) -> None:
    mine = await delivered(bench, storage, ANA, b"mine", a_plan(prompt="my fish"))
    await delivered(bench, storage, BEN, b"other", a_plan(prompt="a tree of Ben's"))
    await storage.presets.save(Preset(5, "fish", GenerationRequest(prompt="a fish"), ANA))
    stored = await privacy.stored(ANA)
    assert (stored.requests, stored.presets) == (1, 1)
    file = json.loads(stored.file)
    assert [request["id"] for request in file["requests"]] == [mine.id]
    assert file["requests"][0]["parameters"]["prompt"] == "my fish"
    assert file["presets"][0]["name"] == "fish"
    assert b"Ben" not in stored.file
    assert b"secret" not in stored.file


async def test_votes_are_shown_and_erased_wherever_they_were_cast(
    bench: Bench, storage: Storage, privacy: Privacy
) -> None:
    grid = Comparison(without_each_all(("blur",)), (Row(0, 6.0),))
    job = await delivered(bench, storage, BEN, b"sheet", a_plan(comparison=grid, count=2))
    for member in (ANA, BEN):
        await storage.votes.cast(job.id, member, 1)
    (vote,) = json.loads((await privacy.stored(ANA)).file)["votes"]
    assert (vote["job_id"], vote["vote"]) == (job.id, "blur")
    await privacy.erase(ANA)
    assert await storage.votes.counts(job.id) == {1: 1}
    await privacy.erase(BEN)
    assert await storage.votes.counts(job.id) == {}


async def test_erasing_takes_rows_pictures_and_the_place_in_line(
    bench: Bench, storage: Storage, privacy: Privacy, tmp_path: Path
) -> None:
    mine, shared = await delivered(bench, storage, ANA, b"mine"), await delivered(bench, storage, ANA, b"same")
    others = await delivered(bench, storage, BEN, b"same")
    reroll = await storage.jobs.add(a_plan(), a_target(BEN), parent_id=mine.id)
    running = await storage.jobs.add(a_plan(), a_target(ANA))
    await storage.jobs.claim([running.id])
    waiting = await storage.jobs.add(a_plan(), a_target(ANA))
    bench.line.join(waiting)
    await storage.presets.save(Preset(5, "fish", GenerationRequest(prompt="a fish"), ANA))

    erased = await privacy.erase(ANA)

    assert (erased.requests, erased.pictures, erased.pending) == (3, mine.pictures, 1)
    assert files(tmp_path) == set(others.pictures)
    assert [await storage.jobs.get(job.id) for job in (mine, shared)] == [None, None]
    assert bench.line.waiting == []
    rest = await storage.jobs.get(reroll.id)
    assert rest is not None
    assert rest.parent_id is None
    assert (await storage.presets.all(5))[0].author_id == 0
    # what was being drawn, and the card that says "Cancelled", go once they are answered
    await storage.jobs.mark_rendered(running.id, ["a.png"], 1.0)
    await storage.jobs.mark_delivered(running.id, 77)
    await storage.jobs.mark_answered(waiting.id)
    await privacy.tidy()
    assert (await privacy.stored(ANA)).requests == 0
    assert (await privacy.stored(BEN)).requests == 2


async def test_old_rows_lose_their_text_and_then_their_vectors(
    bench: Bench, storage: Storage, privacy: Privacy
) -> None:
    old = await delivered(
        bench, storage, ANA, b"old", a_plan(prompt="an old fish", embeddings=(a_placed("a", seed=1),))
    )
    await age(storage, 31)
    new = await delivered(bench, storage, ANA, b"new", a_plan(prompt="a new fish", embeddings=(a_placed("b", seed=2),)))
    await privacy.tidy()
    found, kept = await storage.jobs.get(old.id), await storage.jobs.get(new.id)
    assert found is not None
    assert kept is not None
    assert (found.is_forgotten, found.parameters.prompt, found.target.interaction_token) == (True, "", None)
    assert (kept.is_forgotten, kept.parameters.prompt) == (False, "a new fish")
    assert kept.target.interaction_token == "secret"
    await storage.jobs.load_plans([kept])
    with pytest.raises(KeyError):
        await storage.jobs.load_plans([found])


async def test_vectors_of_a_request_that_is_being_stored_are_kept(storage: Storage, privacy: Privacy) -> None:
    job = await storage.jobs.add(a_plan(), a_target(ANA))
    await storage.pool.execute("DELETE FROM jobs")  # as if the row couldn't be seen yet
    await privacy.tidy()
    assert await storage.jobs.load_plans([job])


async def test_deleting_a_picture_removes_its_text_and_its_file(
    bench: Bench, storage: Storage, privacy: Privacy, tmp_path: Path
) -> None:
    job = await delivered(bench, storage, ANA, b"mine")
    await storage.jobs.mark_deleted(job.id)
    await privacy.tidy()
    found = await storage.jobs.get(job.id)
    assert found is not None
    assert (found.state, found.parameters.prompt, found.parameters.negative) == (JobState.DELETED, "", "")
    assert files(tmp_path) == set()
