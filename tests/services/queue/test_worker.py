"""The worker with the real engine in its own process: batches, deaths, broken models, full disks."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, Shelf, read_shelf
from services.engine.process import CheckpointUnusable, Engine, model_too_large
from services.errors import EngineDied, EngineError
from services.infotext import INFOTEXT_KEY
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.queue.fair import FairQueue
from services.queue.pace import Pace
from services.queue.worker import Worker
from services.storage import EmbeddedPostgres, Storage, open_storage
from tests.builders import DEMO_CHECKPOINT, a_checkpoint, a_plan, a_target
from tests.sentences.checkpoints import NOT_INSTALLED
from tests.services.engine.memory_limit import limited_memory, needs_linux
from tests.services.engine.tiny import save_sd1
from tests.services.recording import RecordingDelivery


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all tests, since its process takes seconds to start; it is replaced when a test kills it."""
    engine = Engine(environment={}, device="cpu", resident_checkpoints=2)
    yield engine
    asyncio.run(engine.close())


class House:
    """Everything between the line and the delivery."""

    def __init__(self, engine: Engine, storage: Storage, folder: Path, *more: Checkpoint, default_model: str) -> None:
        self.engine = engine
        self.storage = storage
        self.queue = FairQueue()
        self.delivery = RecordingDelivery()
        self.pictures = PictureStore(folder / "pictures")
        self.shelf = Shelf((*read_shelf(folder), *more), folder)
        self.pace = Pace()
        self.worker = Worker(
            queue=self.queue, engine=engine, jobs=storage.jobs, pictures=self.pictures, shelf=self.shelf,
            delivery=self.delivery, pace=self.pace, batch_pictures=8, default_model=default_model,
        )  # fmt: skip

    async def ask(self, member_id: int = 1, **plan: object) -> Job:
        """A stored job in line."""
        job = await self.storage.jobs.add(a_plan(**plan), a_target(member_id), parent_id=None, hints=())
        self.queue.put_nowait(job)
        return job

    async def row(self, job: Job) -> Job:
        found = await self.storage.jobs.get(job.id)
        assert found is not None
        return found

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The worker's task runs meanwhile, and must not end."""
        async with asyncio.TaskGroup() as group:  # so that an error of it ends the test at once
            task = group.create_task(self.worker.run())
            yield
            assert not task.done()
            task.cancel()


@pytest.fixture
def house(engine: Engine, storage: Storage, tmp_path: Path) -> House:
    liar = a_checkpoint("liar", Architecture.SD1, path=str(DEMO_CHECKPOINT))
    return House(engine, storage, tmp_path, liar, default_model="demo")


async def test_strangers_share_one_render_and_each_gets_their_own_pictures(house: House) -> None:
    plans = [
        {"prompt": "a red fish in the sea", "seed": 7, "cfg": 4.0},
        {"prompt": "a house in the night", "seed": 100, "cfg": 7.5, "count": 2, "negative": "blurry"},
        {"prompt": "a tree in the desert", "seed": 5, "embeddings": ()},
    ]
    jobs = [await house.ask(member, **plan) for member, plan in enumerate(plans)]
    other_size = await house.ask(9, width=64, height=64)
    async with house.working():
        await house.delivery.until_answered(*(job.id for job in (*jobs, other_size)))
    assert house.delivery.failures == {}
    rows = [await house.row(job) for job in jobs]
    assert {row.state for row in rows} == {JobState.RENDERED}
    assert len({row.seconds for row in rows}) == 1  # one render, so one time
    assert (await house.row(other_size)).seconds != rows[0].seconds
    assert [len(row.pictures) for row in rows] == [1, 2, 1]
    for job, plan in zip(jobs, plans, strict=True):
        for index, name in enumerate(house.delivery.done[job.id].pictures):
            text = Image.open(io.BytesIO(await house.pictures.read(name))).info[INFOTEXT_KEY]
            assert text.startswith(str(plan["prompt"]))
            assert f"Seed: {int(str(plan['seed'])) + index}," in text
    assert house.delivery.steps[jobs[0].id] == house.delivery.steps[jobs[1].id] == [0, 1, 2]
    # whoever stands in line was told each time it moved: first all, then all but those who are drawn, then nobody
    assert house.delivery.lines[-1] == []
    assert [other_size.id] in house.delivery.lines
    assert house.pace.seconds_of(other_size) > 0


@pytest.mark.slow
async def test_a_job_that_kills_the_engine_is_retried_once_and_takes_nobody_with_it(house: House) -> None:
    guilty, innocent = await house.ask(1, steps=4), await house.ask(2, steps=4)

    def kill(job: Job, step: int) -> None:
        if job.id == guilty.id and step == 2:
            assert house.engine.pid is not None
            os.kill(house.engine.pid, signal.SIGKILL)

    house.delivery.on_step = kill
    async with house.working():
        await house.delivery.until_answered(guilty.id, innocent.id)
    assert house.delivery.failures == {guilty.id: EngineDied.calm}
    failed, done = await house.row(guilty), await house.row(innocent)
    assert (failed.state, failed.attempts) == (JobState.FAILED, 2)
    assert (done.state, done.attempts) == (JobState.RENDERED, 2)
    assert house.delivery.steps[guilty.id].count(0) == 2


async def test_a_broken_model_is_forgotten_and_the_others_go_on(house: House) -> None:
    assert "liar" in {one.id for one in house.shelf.installed}
    first, second = await house.ask(1, checkpoint="liar"), await house.ask(2, checkpoint="liar", steps=3)
    good = await house.ask(3)
    async with house.working():
        await house.delivery.until_answered(first.id, second.id, good.id)
    assert house.delivery.failures[first.id] == CheckpointUnusable.calm
    assert NOT_INSTALLED.format(model="Liar") in house.delivery.failures[second.id]
    assert list(house.delivery.done) == [good.id]
    assert "liar" not in {one.id for one in house.shelf.installed}
    assert "whose text_encoder is 768 wide; this one is 96" in house.shelf.problems[-1].reason


@needs_linux
async def test_a_model_that_does_not_fit_into_memory_stays_on_offer(
    engine: Engine, storage: Storage, tmp_path: Path
) -> None:
    save_sd1(tmp_path / "large", intermediate_size=4096)
    large = a_checkpoint("large", Architecture.SD1, steps=1)
    house = House(engine, storage, tmp_path, large, default_model="demo")
    wish = {"checkpoint": "large", "width": 16, "height": 16, "embeddings": ()}
    async with house.working():
        ready = await house.ask()
        await house.delivery.until_answered(ready.id)
        assert engine.pid is not None
        with limited_memory(engine.pid):
            refused = await house.ask(**wish)
            await house.delivery.until_answered(refused.id)
        drawn = await house.ask(**wish)
        await house.delivery.until_answered(drawn.id)
    assert house.delivery.failures == {refused.id: model_too_large(large)}
    assert set(house.delivery.done) == {ready.id, drawn.id}


async def test_a_job_that_was_cancelled_meanwhile_is_not_drawn(house: House) -> None:
    cancelled, wanted = await house.ask(1), await house.ask(2)
    await house.storage.jobs.cancel(cancelled.id)
    async with house.working():
        await house.delivery.until_answered(wanted.id)
    assert list(house.delivery.done) == [wanted.id]
    assert cancelled.id not in house.delivery.steps
    assert (await house.row(cancelled)).state is JobState.CANCELLED


async def test_a_row_that_somebody_changes_just_then_is_drawn_a_moment_later(house: House) -> None:
    job = await house.ask()
    async with house.working():
        async with house.storage.pool.transaction() as connection:
            await connection.execute("UPDATE jobs SET hints = '{}' WHERE id = $1", job.id)
            await asyncio.sleep(1)
            assert job.id not in house.delivery.steps
        await house.delivery.until_answered(job.id)
    assert job.id in house.delivery.done


async def test_what_is_drawn_gives_signs_of_life(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.queue.worker.BEAT_INTERVAL", 0.05)
    job = await house.ask(steps=30)
    async with house.working():
        await house.delivery.until_answered(job.id)
    row = await house.storage.pool.fetchrow("SELECT started_at, heartbeat_at FROM jobs WHERE id = $1", job.id)
    assert row is not None
    assert row["heartbeat_at"] > row["started_at"]


async def test_pictures_that_cannot_be_kept_fail_their_job_and_no_other(house: House, tmp_path: Path) -> None:
    first = await house.ask(1)
    async with house.working():
        await house.delivery.until_answered(first.id)
        for name in house.delivery.done[
            first.id
        ].pictures:  # its folder becomes a file, and the same picture no longer fits
            folder = tmp_path / "pictures" / name[:2]
            (folder / name).unlink()
            folder.rmdir()
            folder.write_bytes(b"")
        again, other = await house.ask(1), await house.ask(2, prompt="a house", seed=11)
        await house.delivery.until_answered(again.id, other.id)
    assert house.delivery.failures == {again.id: EngineError.calm}
    assert set(house.delivery.done) == {first.id, other.id}
    assert (await house.row(again)).state is JobState.FAILED


async def test_a_database_that_dies_meanwhile_costs_nobody_a_picture(
    engine: Engine, server_folder: Path, tmp_path: Path
) -> None:
    async with EmbeddedPostgres(server_folder / "postgresql") as server, open_storage(server.url) as storage:
        house = House(engine, storage, tmp_path, default_model="demo")

        def kill_server() -> None:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)

        drawn, waiting = await house.ask(1), await storage.jobs.add(a_plan(), a_target(2), parent_id=None, hints=())
        house.delivery.on_step = lambda job, step: kill_server() if (job.id, step) == (drawn.id, 1) else None
        async with house.working():
            await house.delivery.until_answered(drawn.id)
            kill_server()
            house.queue.put_nowait(waiting)  # it cannot even be claimed
            await house.delivery.until_answered(waiting.id)
        assert house.delivery.failures == {}
        assert [(await house.row(job)).state for job in (drawn, waiting)] == [JobState.RENDERED] * 2


@pytest.mark.parametrize("default_model", ["sdxl", "no-such-model", "liar"])
async def test_a_default_model_that_is_not_there_does_not_keep_others_from_being_used(
    engine: Engine, storage: Storage, tmp_path: Path, default_model: str
) -> None:
    liar = a_checkpoint("liar", Architecture.SD1, path=str(DEMO_CHECKPOINT))
    house = House(engine, storage, tmp_path, liar, default_model=default_model)
    async with house.working():
        job = await house.ask()
        await house.delivery.until_answered(job.id)
    assert job.id in house.delivery.done
