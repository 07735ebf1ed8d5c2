"""The service behind /imagine: limits, rerolls, who may cancel and delete, and what a restart finds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.checkpoints import read_shelf
from services.engine.process import Engine
from services.errors import LimitReached, NotAllowed, UserError
from services.jobs import Job, JobId, JobState
from services.parameters import MAX_COUNT, MAX_SEED
from services.pictures.store import PictureStore
from services.planning.picks import EmbeddingLimits
from services.planning.planner import Planned, Planner
from services.presets import Presets
from services.presets.rules import PresetRules
from services.queue.fair import FairQueue
from services.queue.generation import MAX_LINE, Generation
from services.queue.pace import Pace
from services.queue.upkeep import Resuming
from services.queue.worker import Worker
from services.requests import GenerationRequest
from services.storage import Storage
from tests.builders import DEMO_EMBEDDINGS, a_job, a_library, a_plan, a_target
from tests.services.recording import RecordingDelivery

ANA, BEN = 1, 2
WAITS = 3
PROMPT = GenerationRequest(prompt="a red fish in the sea")


class House:
    """The service over a real database; its worker's task is not started, so jobs stay in line."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.jobs = storage.jobs
        self.queue = FairQueue()
        self.delivery = RecordingDelivery()
        shelf, library, limits = read_shelf(folder), a_library(DEMO_EMBEDDINGS), EmbeddingLimits()
        self.presets = Presets(storage.presets, PresetRules(shelf=shelf, library=library, limits=limits))
        worker = Worker(
            queue=self.queue,
            engine=Engine(environment={}, device="cpu"),
            jobs=storage.jobs,
            pictures=PictureStore(folder),
            shelf=shelf,
            delivery=self.delivery,
            pace=Pace(),
            batch_pictures=8,
            default_model="demo",
        )
        planner = Planner(shelf=shelf, library=library, limits=limits, default_model="demo")
        self.pictures = PictureStore(folder)
        self.resuming = Resuming(
            jobs=storage.jobs, queue=self.queue, worker=worker, delivery=self.delivery, pictures=self.pictures
        )
        self.generation = Generation(
            planner=planner, presets=self.presets, jobs=storage.jobs, queue=self.queue, worker=worker,
            delivery=self.delivery, waits_per_member=WAITS,
        )  # fmt: skip

    async def plan(self, member_id: int = ANA, preset: str | None = None) -> Planned:
        return await self.generation.plan(PROMPT, preset=preset, guild_id=10, channel_ids=[20], member_id=member_id)

    async def ask(self, member_id: int = ANA) -> Job:
        return await self.generation.submit(await self.plan(member_id), a_target(member_id))

    async def delivered(self) -> Job:
        job = await self.ask()
        self.queue.get_nowait()
        await self.jobs.claim([job.id])
        await self.jobs.mark_rendered(job.id, ["a.png"], 1.0)
        await self.jobs.mark_delivered(job.id, 70 + job.id)
        return job

    async def state_of(self, job: Job) -> JobState:
        return (await self.generation.job(job.id)).state


@pytest.fixture
def house(storage: Storage, tmp_path: Path) -> House:
    return House(storage, tmp_path)


async def test_a_plan_stores_nothing_and_a_submitted_one_stands_in_line(house: House) -> None:
    planned = await house.plan()
    assert house.queue.qsize() == 0
    assert await house.jobs.unanswered() == []
    job = await house.generation.submit(planned, a_target(ANA))
    assert [one.id for one in house.queue.waiting] == [job.id]
    assert await house.jobs.unanswered() == [job]
    assert house.delivery.lines == [[job.id]]


async def test_a_preset_is_filled_in(house: House) -> None:
    await house.presets.save(10, "small", GenerationRequest(size="48x48", steps=3), ANA)
    parameters = (await house.plan(preset="SMALL")).parameters
    assert (parameters.size, parameters.steps) == ("48x48", 3)


async def test_a_member_waits_for_so_many_and_no_more(house: House) -> None:
    for _ in range(WAITS):
        await house.ask(ANA)
    for refused in (house.plan(ANA), house.generation.plan_reroll(a_job(), ANA)):
        with pytest.raises(LimitReached, match="You have 3 requests in line, which is the limit; try again"):
            await refused
    await house.ask(BEN)
    house.queue.get_nowait()
    await house.ask(ANA)


async def test_many_requests_at_once_do_not_slip_past_the_limit(house: House) -> None:
    planned = await house.plan(ANA)
    results = await asyncio.gather(
        *(house.generation.submit(planned, a_target(ANA)) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(one, Job) for one in results) == WAITS == house.queue.qsize()
    assert sum(isinstance(one, LimitReached) for one in results) == 10 - WAITS


async def test_a_full_line_is_full_for_everybody(house: House) -> None:
    for number in range(MAX_LINE):
        house.queue.put_nowait(a_job(number, 100 + number))
    with pytest.raises(LimitReached, match="The line is full just now"):
        await house.plan(BEN)


async def test_a_reroll_keeps_everything_but_the_seed_and_remembers_where_it_came_from(house: House) -> None:
    job = await house.ask()
    planned = await house.generation.plan_reroll(job, BEN)
    assert planned.parameters.seed != job.parameters.seed
    assert 0 <= planned.parameters.seed <= MAX_SEED - MAX_COUNT
    assert planned.hints == job.hints
    again = await house.generation.submit(planned, a_target(BEN), parent_id=job.id)
    stored = await house.generation.job(again.id)
    assert stored.parent_id == job.id
    same = stored.parameters.as_json() | {"seed": job.parameters.seed}
    assert same == job.parameters.as_json()
    plans = await house.jobs.load_plans([stored, job])
    for own, other in zip(*(plan.embeddings for plan in plans), strict=True):
        assert own.vectors["clip_demo"].tobytes() == other.vectors["clip_demo"].tobytes()


async def test_a_job_in_line_is_cancelled_by_its_member_or_a_moderator(house: House) -> None:
    own, others = await house.ask(ANA), await house.ask(ANA)
    with pytest.raises(NotAllowed, match="Only the one who asked for a picture, or a moderator, can cancel it"):
        await house.generation.cancel(own.id, BEN, is_moderator=False)
    await house.generation.cancel(own.id, ANA, is_moderator=False)
    await house.generation.cancel(others.id, BEN, is_moderator=True)
    assert house.queue.qsize() == 0
    assert house.delivery.withdrawals == [own.id, others.id]
    assert house.delivery.lines[-1] == []
    assert await house.state_of(own) is JobState.CANCELLED
    with pytest.raises(UserError, match="cannot be cancelled any more"):
        await house.generation.cancel(own.id, ANA, is_moderator=False)


async def test_a_job_that_is_drawn_cannot_be_cancelled(house: House) -> None:
    job = await house.ask()
    await house.jobs.claim([job.id])
    with pytest.raises(UserError, match="It is being drawn already"):
        await house.generation.cancel(job.id, ANA, is_moderator=True)
    assert house.delivery.withdrawals == []


async def test_a_picture_is_deleted_by_its_member_or_a_moderator(house: House) -> None:
    own, others = await house.delivered(), await house.delivered()
    with pytest.raises(NotAllowed, match="can delete it"):
        await house.generation.take_down(own.id, BEN, is_moderator=False)
    assert await house.generation.job_of_message(70 + own.id) is not None
    await house.generation.take_down(own.id, ANA, is_moderator=False)
    await house.generation.take_down(others.id, BEN, is_moderator=True)
    assert await house.generation.job_of_message(70 + own.id) is None
    assert await house.state_of(own) is await house.state_of(others) is JobState.DELETED


async def test_what_is_not_known_is_said_calmly(house: House) -> None:
    with pytest.raises(UserError, match="not in my books any more; /imagine makes a new one"):
        await house.generation.job(JobId(404))
    assert await house.generation.job_of_message(404) is None


async def test_a_restart_puts_everything_back_in_line_and_hands_over_what_is_rendered(
    house: House, storage: Storage, tmp_path: Path
) -> None:
    waiting, running, rendered, done = [await house.jobs.add(a_plan(), a_target(member), parent_id=None, hints=())
                                        for member in range(4)]  # fmt: skip
    await house.jobs.claim([running.id, rendered.id, done.id])
    for job in (rendered, done):
        await house.jobs.mark_rendered(job.id, ["a.png"], 1.0)
    await house.jobs.mark_delivered(done.id, 90)
    restarted = House(storage, tmp_path)
    await restarted.generation.learn_uses()
    await restarted.resuming.resume()
    assert [job.id for job in restarted.queue.waiting] == [waiting.id, running.id]
    assert list(restarted.delivery.done) == [rendered.id]
    assert restarted.delivery.lines == [[waiting.id, running.id]]
    assert restarted.generation.uses_in(10) == {"demo-artifacts": 4}


async def test_uses_are_counted_by_server(house: House) -> None:
    await house.ask()
    await house.ask(BEN)
    assert house.generation.uses_in(10) == {"demo-artifacts": 2}
    assert house.generation.uses_in(11) == {}
    assert house.generation.uses_in(None) == {}
