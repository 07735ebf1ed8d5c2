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
from services.incidents import apology
from services.infotext import INFOTEXT_KEY
from services.jobs import Job, JobState
from services.pictures.store import PictureStore
from services.queue.line import Line
from services.queue.pace import Pace
from services.queue.worker import Worker
from services.storage import EmbeddedPostgres, Storage, open_storage
from tests.builders import DEMO_CHECKPOINT, a_checkpoint, a_plan, a_stock, a_target
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


class Rig:
    """Everything between the line and the delivery."""

    def __init__(
        self, engine: Engine, storage: Storage, folder: Path, *more: Checkpoint, default_model: str = "demo"
    ) -> None:
        self.engine = engine
        self.storage = storage
        self.delivery = RecordingDelivery()
        self.line = Line(self.delivery, per_member=10)
        self.pictures = PictureStore(folder / "pictures")
        self.shelf = Shelf((*read_shelf(folder / "undescribed"), *more), folder)
        self.worker = Worker(
            line=self.line,
            engine=engine,
            jobs=storage.jobs,
            pictures=self.pictures,
            stock=a_stock(shelf=self.shelf, default_model=default_model),
            delivery=self.delivery,
            batch_pictures=8,
        )

    async def ask(self, member_id: int = 1, **plan: object) -> Job:
        """A stored job in line."""
        job = await self.storage.jobs.add(a_plan(**plan), a_target(member_id))
        self.line.join(job)
        return job

    async def row(self, job: Job) -> Job:
        found = await self.storage.jobs.get(job.id)
        assert found is not None
        return found

    async def texts_of(self, job: Job) -> list[str]:
        """What the pictures that a job was answered with say about themselves."""
        files = [await self.pictures.read(name) for name in self.delivery.done[job.id].pictures]
        return [Image.open(io.BytesIO(file)).info[INFOTEXT_KEY] for file in files]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The worker's task runs inside of this, and must not end."""
        async with asyncio.TaskGroup() as group:  # so that its errors end the test at once
            task = group.create_task(self.worker.run())
            yield
            assert not task.done()
            task.cancel()


@pytest.fixture
def rig(engine: Engine, storage: Storage, tmp_path: Path) -> Rig:
    liar = a_checkpoint("liar", Architecture.SD1, path=str(DEMO_CHECKPOINT))
    return Rig(engine, storage, tmp_path, liar)


async def test_members_share_a_render_and_each_gets_their_own_pictures(rig: Rig) -> None:
    plans = [
        {"prompt": "a red fish in the sea", "seed": 7, "cfg": 4.0},
        {"prompt": "a house in the night", "seed": 100, "cfg": 7.5, "count": 2, "negative": "blurry"},
        {"prompt": "a tree in the desert", "seed": 5, "embeddings": ()},
    ]
    jobs = [await rig.ask(member, **plan) for member, plan in enumerate(plans)]
    other_size = await rig.ask(9, width=64, height=64)
    async with rig.working():
        await rig.delivery.until_answered(*(job.id for job in (*jobs, other_size)))
    assert rig.delivery.failures == {}
    rows = [await rig.row(job) for job in jobs]
    assert {row.state for row in rows} == {JobState.RENDERED}
    assert len({row.seconds for row in rows}) == 1  # one render, so one time
    assert (await rig.row(other_size)).seconds != rows[0].seconds
    assert [len(row.pictures) for row in rows] == [1, 2, 1]
    for job, plan in zip(jobs, plans, strict=True):
        for index, text in enumerate(await rig.texts_of(job)):
            assert text.startswith(str(plan["prompt"]))
            assert f"Seed: {int(str(plan['seed'])) + index}," in text
    assert rig.delivery.steps[jobs[0].id] == rig.delivery.steps[jobs[1].id] == [0, 1, 2]
    # members in line are told each time it moves: first all, then all but those whose pictures are being drawn, then none
    assert rig.delivery.lines[-1] == []
    assert [other_size.id] in rig.delivery.lines
    assert rig.line.pace.seconds_of(other_size) != Pace().seconds_of(other_size)


@pytest.mark.slow
async def test_a_job_that_kills_the_engine_is_retried_once_and_fails_alone(rig: Rig) -> None:
    guilty, innocent = await rig.ask(1, steps=4), await rig.ask(2, steps=4)

    def kill(job: Job, step: int) -> None:
        if job.id == guilty.id and step == 2:
            assert rig.engine.pid is not None
            os.kill(rig.engine.pid, signal.SIGKILL)

    rig.delivery.on_step = kill
    async with rig.working():
        await rig.delivery.until_answered(guilty.id, innocent.id)
    assert rig.delivery.failures == {guilty.id: EngineDied.calm}
    failed, done = await rig.row(guilty), await rig.row(innocent)
    assert (failed.state, failed.attempts) == (JobState.FAILED, 2)
    assert (done.state, done.attempts) == (JobState.RENDERED, 2)
    assert rig.delivery.steps[guilty.id].count(0) == 2


async def test_a_broken_model_is_forgotten_and_other_models_go_on(rig: Rig) -> None:
    assert "liar" in {model.id for model in rig.shelf.installed}
    first, second = await rig.ask(1, checkpoint="liar"), await rig.ask(2, checkpoint="liar", steps=3)
    good = await rig.ask(3)
    async with rig.working():
        await rig.delivery.until_answered(first.id, second.id, good.id)
    assert rig.delivery.failures[first.id] == CheckpointUnusable.calm
    assert NOT_INSTALLED.format(model="Liar") in rig.delivery.failures[second.id]
    assert list(rig.delivery.done) == [good.id]
    assert "liar" not in {model.id for model in rig.shelf.installed}
    assert "whose text_encoder has width 768; here it has 96" in rig.shelf.problems[-1].reason


@needs_linux
async def test_a_model_that_does_not_fit_into_memory_stays_available(
    engine: Engine, storage: Storage, tmp_path: Path
) -> None:
    save_sd1(tmp_path / "large", intermediate_size=4096)
    large = a_checkpoint("large", Architecture.SD1, steps=1)
    rig = Rig(engine, storage, tmp_path, large)
    plan = {"checkpoint": "large", "width": 16, "height": 16, "embeddings": ()}
    async with rig.working():
        ready = await rig.ask()
        await rig.delivery.until_answered(ready.id)
        assert engine.pid is not None
        with limited_memory(engine.pid):
            refused = await rig.ask(**plan)
            await rig.delivery.until_answered(refused.id)
        drawn = await rig.ask(**plan)
        await rig.delivery.until_answered(drawn.id)
    assert rig.delivery.failures == {refused.id: model_too_large(large)}
    assert set(rig.delivery.done) == {ready.id, drawn.id}


async def test_a_job_that_was_cancelled_in_the_meantime_is_not_drawn(rig: Rig) -> None:
    cancelled, wanted = await rig.ask(1), await rig.ask(2)
    await rig.storage.jobs.cancel(cancelled.id)
    async with rig.working():
        await rig.delivery.until_answered(wanted.id)
    assert list(rig.delivery.done) == [wanted.id]
    assert cancelled.id not in rig.delivery.steps
    assert (await rig.row(cancelled)).state is JobState.CANCELLED


async def test_a_job_whose_row_is_being_changed_is_drawn_a_moment_later(rig: Rig) -> None:
    job = await rig.ask()
    async with rig.working():
        async with rig.storage.pool.transaction() as connection:
            await connection.execute("UPDATE jobs SET hints = '{}' WHERE id = $1", job.id)
            await asyncio.sleep(1)
            assert job.id not in rig.delivery.steps
        await rig.delivery.until_answered(job.id)
    assert job.id in rig.delivery.done


async def test_running_jobs_have_a_heartbeat(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.queue.worker.HEARTBEAT_INTERVAL", 0.05)
    job = await rig.ask(steps=30)
    async with rig.working():
        await rig.delivery.until_answered(job.id)
    row = await rig.storage.pool.fetchrow("SELECT started_at, heartbeat_at FROM jobs WHERE id = $1", job.id)
    assert row is not None
    assert row["heartbeat_at"] > row["started_at"]


async def test_a_bug_is_logged_under_the_id_that_the_member_reads(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """It happens while the engine works, whose pictures must not be taken for those of the next job."""
    unlucky, lucky = await rig.ask(1), await rig.ask(2, prompt="a house", steps=3)

    def stumble(job: Job, step: int) -> None:
        if (job.id, step) == (unlucky.id, 1):
            raise KeyError("a bug")

    rig.delivery.on_step = stumble
    async with rig.working():
        await rig.delivery.until_answered(unlucky.id, lucky.id)
    (record,) = (record for record in caplog.records if record.name == "services.incidents")
    incident = record.getMessage().split()[1].rstrip(":")
    assert record.getMessage() == f"incident {incident}: rendering jobs [{unlucky.id}]"
    assert rig.delivery.failures == {unlucky.id: apology(incident)}
    reason = await rig.storage.pool.fetchval("SELECT error FROM jobs WHERE id = $1", unlucky.id)
    assert reason == f"incident {incident}: KeyError('a bug')"
    (text,) = await rig.texts_of(lucky)
    assert text.startswith("a house")


async def test_pictures_that_cannot_be_stored_fail_only_their_own_job(rig: Rig, tmp_path: Path) -> None:
    first = await rig.ask(1)
    async with rig.working():
        await rig.delivery.until_answered(first.id)
        pictures = rig.delivery.done[first.id].pictures
        for name in pictures:  # their folder becomes a file, so that the same picture can't be stored again
            folder = tmp_path / "pictures" / name[:2]
            (folder / name).unlink()
            folder.rmdir()
            folder.write_bytes(b"")
        again, other = await rig.ask(1), await rig.ask(2, prompt="a house", seed=11)
        await rig.delivery.until_answered(again.id, other.id)
    assert rig.delivery.failures == {again.id: EngineError.calm}
    assert set(rig.delivery.done) == {first.id, other.id}
    assert (await rig.row(again)).state is JobState.FAILED


async def test_no_picture_is_lost_if_the_database_dies(engine: Engine, server_folder: Path, tmp_path: Path) -> None:
    async with EmbeddedPostgres(server_folder / "postgresql") as server, open_storage(server.url) as storage:
        rig = Rig(engine, storage, tmp_path)

        def kill_server() -> None:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)

        drawn, waiting = await rig.ask(1), await storage.jobs.add(a_plan(), a_target(2))
        rig.delivery.on_step = lambda job, step: kill_server() if (job.id, step) == (drawn.id, 1) else None
        async with rig.working():
            await rig.delivery.until_answered(drawn.id)
            kill_server()
            rig.line.join(waiting)  # it can't even be claimed
            await rig.delivery.until_answered(waiting.id)
        assert rig.delivery.failures == {}
        assert [(await rig.row(job)).state for job in (drawn, waiting)] == [JobState.RENDERED] * 2


@pytest.mark.parametrize("default_model", ["sdxl", "no-such-model", "liar"])
async def test_a_default_model_that_is_missing_does_not_affect_other_models(
    engine: Engine, storage: Storage, tmp_path: Path, default_model: str
) -> None:
    liar = a_checkpoint("liar", Architecture.SD1, path=str(DEMO_CHECKPOINT))
    rig = Rig(engine, storage, tmp_path, liar, default_model=default_model)
    async with rig.working():
        job = await rig.ask()
        await rig.delivery.until_answered(job.id)
    assert job.id in rig.delivery.done
