"""The service behind /imagine: limits, rerolls, who may cancel and delete, and what a restart finds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.checkpoints import read_shelf
from services.defaults import Defaults
from services.errors import LimitReached, NotAllowed
from services.jobs import Job, JobId, JobState, Origin
from services.parameters import MAX_COUNT, MAX_SEED
from services.pictures.store import PictureStore
from services.planning.planner import Planned
from services.presets import Presets
from services.queue.generation import Admission, Generation, NotAcknowledged
from services.queue.line import MAX_LINE, Line
from services.queue.upkeep import Upkeep
from services.requests import GenerationRequest, Member, Place, Preset
from services.stock import Stocks
from services.storage import Storage
from tests.builders import DEMO_EMBEDDINGS, a_job, a_library, a_plan, a_stock, a_target
from tests.refusals import refused
from tests.sentences.line import ENOUGH_IN_LINE, LINE_IS_FULL
from tests.sentences.planning import NAMED_TWICE
from tests.services.recording import RecordingDelivery

ANA, BEN = 1, 2
PER_MEMBER = 3
HERE = Place(10, (20,))
REQUEST = GenerationRequest(prompt="a red fish in the sea")


class Bench:
    """The service over a real database. Without a worker, jobs stay in line."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.jobs = storage.jobs
        self.delivery = RecordingDelivery()
        self.line = Line(self.delivery, per_member=PER_MEMBER)
        stocks = Stocks(a_stock(a_library(DEMO_EMBEDDINGS), read_shelf(folder)))
        self.presets = Presets(storage.presets, stocks)
        self.pictures = PictureStore(folder)
        self.upkeep = Upkeep(jobs=storage.jobs, line=self.line, delivery=self.delivery, pictures=self.pictures)
        self.generation = Generation(
            stocks=stocks,
            presets=self.presets,
            defaults=Defaults(storage.defaults),
            jobs=storage.jobs,
            line=self.line,
            delivery=self.delivery,
        )
        self._asked = 0

    async def plan(
        self, member_id: int = ANA, preset: str | None = None, request: GenerationRequest = REQUEST
    ) -> Planned:
        member = Member(member_id)
        return await self.generation.plan(await self.generation.fill_in(request, preset, HERE, member), HERE, member)

    async def submit(self, planned: Planned, member_id: int = ANA, *, parent_id: JobId | None = None) -> Job:
        """Submit a plan as an interaction of its own."""
        self._asked += 1
        origin = Origin.of_interaction(self._asked)
        return await self.generation.submit(
            planned, Admission(a_target(member_id), origin, Member(member_id), parent_id=parent_id)
        )

    async def ask(self, member_id: int = ANA) -> Job:
        return await self.submit(await self.plan(member_id), member_id)

    async def draw_next(self) -> list[Job]:
        """Take the next batch out of the line, as the worker does."""
        return await asyncio.wait_for(self.line.next_batch(1), 1)

    async def delivered(self) -> Job:
        job = await self.ask()
        await self.draw_next()
        await self.jobs.claim([job.id])
        await self.jobs.mark_rendered(job.id, ["a.png"], 1.0)
        await self.jobs.mark_delivered(job.id, 70 + job.id)
        return job

    async def row(self, job: Job) -> Job:
        return await self.generation.job(job.id, a_target())

    async def state_of(self, job: Job) -> JobState:
        return (await self.row(job)).state


@pytest.fixture
def bench(storage: Storage, tmp_path: Path) -> Bench:
    return Bench(storage, tmp_path)


async def test_a_plan_stores_nothing_and_a_submitted_one_waits_in_line(bench: Bench) -> None:
    planned = await bench.plan()
    assert bench.line.waiting == []
    assert await bench.jobs.unanswered() == []
    job = await bench.submit(planned)
    assert [waiting.id for waiting in bench.line.waiting] == [job.id]
    assert await bench.jobs.unanswered() == [job]
    assert bench.delivery.lines == [[job.id]]


async def test_a_preset_is_filled_in(bench: Bench) -> None:
    await bench.presets.save(Preset(10, "small", GenerationRequest(size="48x48", steps=3), ANA))
    parameters = (await bench.plan(preset="SMALL")).parameters
    assert (parameters.size, parameters.steps) == ("48x48", 3)


async def test_embeddings_in_the_text_are_used_and_duplicates_are_mentioned(bench: Bench) -> None:
    request = GenerationRequest(prompt="a fish", negative="demo-tinted, blurry, (demo-tinted:1.2)")
    planned = await bench.plan(request=request)
    assert [placed.label for placed in planned.parameters.embeddings] == ["demo-tinted"]
    assert planned.parameters.negative == "blurry"
    assert planned.hints[0].text == NAMED_TWICE.format(name="demo-tinted", used="demo-tinted:1")


async def test_a_preset_counts_one_use_for_each_plan(bench: Bench) -> None:
    await bench.presets.save(Preset(10, "small", GenerationRequest(steps=3), ANA))
    await bench.generation.fill_in(REQUEST, "small", HERE, Member(ANA))  # a form that was opened
    assert (await bench.presets.get(10, "small")).uses == 0
    await bench.plan(preset="small")
    assert (await bench.presets.get(10, "small")).uses == 1


async def test_a_member_can_have_only_so_many_jobs_in_line(bench: Bench) -> None:
    for _ in range(PER_MEMBER):
        await bench.ask(ANA)
    for attempt in (bench.plan(ANA), bench.generation.plan_reroll(a_job(), HERE, Member(ANA))):
        with refused(ENOUGH_IN_LINE.format(count=PER_MEMBER), LimitReached):
            await attempt
    await bench.ask(BEN)
    await bench.draw_next()
    await bench.ask(ANA)


async def test_simultaneous_requests_cannot_exceed_the_limit(bench: Bench) -> None:
    planned = await bench.plan(ANA)
    results = await asyncio.gather(*(bench.submit(planned) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, Job) for result in results) == PER_MEMBER == len(bench.line.waiting)
    assert sum(isinstance(result, LimitReached) for result in results) == 10 - PER_MEMBER


async def test_a_full_line_is_full_for_everyone(bench: Bench) -> None:
    bench.line.join(*(a_job(number, 100 + number) for number in range(MAX_LINE)))
    with refused(LINE_IS_FULL, LimitReached):
        await bench.plan(BEN)


async def test_a_repeated_interaction_is_one_job(bench: Bench) -> None:
    planned = await bench.plan(ANA)
    admission = Admission(a_target(ANA), Origin.of_interaction(5), Member(ANA))
    first, again = [await bench.generation.submit(planned, admission) for _ in range(2)]
    assert first.id == again.id
    assert [job.id for job in bench.line.waiting] == [first.id]


async def test_an_interaction_that_is_repeated_after_its_job_was_started_is_not_put_in_line(bench: Bench) -> None:
    planned = await bench.plan(ANA)
    admission = Admission(a_target(ANA), Origin.of_interaction(5), Member(ANA))
    first = await bench.generation.submit(planned, admission)
    await bench.draw_next()
    await bench.jobs.claim([first.id])
    assert (await bench.generation.submit(planned, admission)).id == first.id
    assert bench.line.waiting == []


async def test_the_message_of_an_acknowledgement_is_stored(bench: Bench) -> None:
    async def acknowledge() -> int:
        return 77

    admission = Admission(a_target(ANA), Origin.of_interaction(5), Member(ANA), acknowledge)
    job = await bench.generation.submit(await bench.plan(), admission)
    assert job.target.reply_id == 77
    assert (await bench.row(job)).target.reply_id == 77


async def test_a_request_that_could_not_be_acknowledged_leaves_no_job(bench: Bench) -> None:
    async def acknowledge() -> None:
        raise NotAcknowledged

    planned = await bench.plan(ANA)
    with pytest.raises(NotAcknowledged):
        await bench.generation.submit(
            planned, Admission(a_target(ANA), Origin.of_interaction(5), Member(ANA), acknowledge)
        )
    assert bench.line.waiting == []
    for _ in range(500):  # the row is withdrawn in the background
        if not await bench.jobs.unanswered():
            break
        await asyncio.sleep(0.01)
    assert await bench.jobs.unanswered() == []
    for _ in range(PER_MEMBER):  # it doesn't count against the member's limit either
        await bench.ask(ANA)


async def test_a_reroll_keeps_everything_but_the_seed_and_knows_its_parent(bench: Bench) -> None:
    job = await bench.ask()
    planned = await bench.generation.plan_reroll(job, HERE, Member(BEN))
    assert planned.parameters.seed != job.parameters.seed
    assert 0 <= planned.parameters.seed <= MAX_SEED - MAX_COUNT
    assert planned.hints == job.hints
    again = await bench.submit(planned, BEN, parent_id=job.id)
    stored = await bench.row(again)
    assert stored.parent_id == job.id
    same = stored.parameters.as_json() | {"seed": job.parameters.seed}
    assert same == job.parameters.as_json()
    plans = await bench.jobs.load_plans([stored, job])
    for own, other in zip(*(plan.embeddings for plan in plans), strict=True):
        assert own.vectors["clip_demo"].tobytes() == other.vectors["clip_demo"].tobytes()


async def test_a_job_in_line_is_cancelled_by_its_member_or_a_moderator(bench: Bench) -> None:
    own, others = await bench.ask(ANA), await bench.ask(ANA)
    with refused("Only the member who asked for this picture, or a moderator, can cancel it.", NotAllowed):
        await bench.generation.cancel(own.id, a_target(BEN), is_moderator=False)
    await bench.generation.cancel(own.id, a_target(ANA), is_moderator=False)
    await bench.generation.cancel(others.id, a_target(BEN), is_moderator=True)
    assert bench.line.waiting == []
    assert bench.delivery.cancelled == [own.id, others.id]
    assert bench.delivery.lines[-1] == []
    assert await bench.state_of(own) is JobState.CANCELLED
    with refused("can't be cancelled any more"):
        await bench.generation.cancel(own.id, a_target(ANA), is_moderator=False)


async def test_a_job_that_is_being_drawn_cannot_be_cancelled(bench: Bench) -> None:
    job = await bench.ask()
    await bench.jobs.claim([job.id])
    with refused("It's already being drawn"):
        await bench.generation.cancel(job.id, a_target(ANA), is_moderator=True)
    assert bench.delivery.cancelled == []


async def test_a_picture_is_deleted_by_its_member_or_a_moderator(bench: Bench) -> None:
    own, others = await bench.delivered(), await bench.delivered()
    with refused("Only the member who asked for this picture, or a moderator, can delete it.", NotAllowed):
        await bench.generation.delete(own.id, a_target(BEN), is_moderator=False)
    assert await bench.generation.job_of_message(70 + own.id, a_target()) is not None
    await bench.generation.delete(own.id, a_target(ANA), is_moderator=False)
    await bench.generation.delete(others.id, a_target(BEN), is_moderator=True)
    assert await bench.generation.job_of_message(70 + own.id, a_target()) is None
    assert await bench.state_of(own) is await bench.state_of(others) is JobState.DELETED


async def test_a_deleted_picture_cannot_be_rerolled(bench: Bench) -> None:
    job = await bench.delivered()
    await bench.generation.delete(job.id, a_target(ANA), is_moderator=False)
    with refused("That picture was deleted, so it can't be rerolled; /imagine makes a new one."):
        await bench.generation.plan_reroll(await bench.row(job), HERE, Member(BEN))


async def test_an_unknown_picture_is_refused_with_what_to_do(bench: Bench) -> None:
    with refused("I no longer have a record of this picture; /imagine makes a new one."):
        await bench.generation.job(JobId(404), a_target())
    assert await bench.generation.job_of_message(404, a_target()) is None


async def test_a_job_of_another_place_is_unknown_here(bench: Bench) -> None:
    """Ids in buttons can be forged."""
    job = await bench.delivered()
    for elsewhere in (a_target(ANA, guild_id=11), a_target(ANA, channel_id=21), a_target(BEN, guild_id=None)):
        with refused("I no longer have a record of this picture"):
            await bench.generation.job(job.id, elsewhere)
        assert await bench.generation.job_of_message(70 + job.id, elsewhere) is None
    # where an answer goes if its channel is closed
    assert await bench.generation.job(job.id, a_target(ANA, guild_id=None, channel_id=99))


async def test_a_restart_puts_open_jobs_back_in_line_and_delivers_rendered_ones(
    bench: Bench, storage: Storage, tmp_path: Path
) -> None:
    waiting, running, rendered, done = [await bench.jobs.add(a_plan(), a_target(member)) for member in range(4)]
    await bench.jobs.claim([running.id, rendered.id, done.id])
    for job in (rendered, done):
        await bench.jobs.mark_rendered(job.id, ["a.png"], 1.0)
    await bench.jobs.mark_delivered(done.id, 90)
    restarted = Bench(storage, tmp_path)
    await restarted.generation.load_uses()
    await restarted.upkeep.resume()
    assert [job.id for job in restarted.line.waiting] == [waiting.id, running.id]
    assert list(restarted.delivery.done) == [rendered.id]
    assert restarted.delivery.lines == [[waiting.id, running.id]]
    assert restarted.generation.uses_in(10) == {"demo-artifacts": 4}


async def test_uses_are_counted_by_server(bench: Bench) -> None:
    await bench.ask()
    await bench.ask(BEN)
    assert bench.generation.uses_in(10) == {"demo-artifacts": 2}
    assert bench.generation.uses_in(11) == {}
    assert bench.generation.uses_in(None) == {}
