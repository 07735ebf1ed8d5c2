"""The engine's real child process: it renders, reports failures, and is replaced when it dies or hangs."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.messages import Progress, RenderRequest
from services.engine.process import SPIN_COUNT, CheckpointUnusable, Engine, model_too_large, picture_too_large
from services.errors import EngineDied, EngineError, OutOfMemory
from services.parameters import GenerationParameters
from tests.builders import DEMO_CHECKPOINT, REPOSITORY, a_checkpoint, a_placed, a_plan
from tests.services.engine.memory_limit import limited_memory, needs_linux
from tests.services.engine.tiny import save_sd1


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all tests here, since its process takes seconds to start."""
    engine = Engine(environment={"OMP_NUM_THREADS": "1"}, device="cpu")  # one thread, since the test machine is shared
    yield engine
    engine.kill()


def request(*plans: GenerationParameters, location: Path = DEMO_CHECKPOINT, name: str = "demo") -> RenderRequest:
    return RenderRequest(a_checkpoint(name), Installation.in_folder(location), plans)


def ignore_progress(progress: Progress) -> None:
    """An `on_progress` that does nothing."""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_plans_are_rendered_in_another_process(engine: Engine) -> None:
    reported: list[Progress] = []
    plans = [a_plan(count=2, seed=1, embeddings=(a_placed(strength=0.8),)), a_plan(prompt="a tree", cfg=9.0)]
    rendered = await engine.render(request(*plans), reported.append)
    assert engine.pid not in (None, os.getpid())
    assert engine.ready is not None
    assert (engine.ready.device, engine.ready.bytes_per_value) == ("cpu", 4)
    assert [len(files) for files in rendered.pictures] == [2, 1]
    for files in rendered.pictures:
        for file in files:
            image: Any = Image.open(io.BytesIO(file))
            assert image.size == (48, 48)
            assert "Steps: 2," in image.text["parameters"]
    assert reported == [Progress(1, 2), Progress(2, 2)]
    assert 0 < rendered.seconds < 60


@needs_linux
async def test_the_process_has_only_the_variables_that_it_is_given(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.kill()
    monkeypatch.setenv("DISCORD_TOKEN", "secret")  # of the parent
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/db")
    await engine.start()
    variables = Path(f"/proc/{engine.pid}/environ").read_text(encoding="utf-8").rstrip("\0").split("\0")
    assert sorted(variables) == [f"GOMP_SPINCOUNT={SPIN_COUNT}", "OMP_NUM_THREADS=1", f"PYTHONPATH={REPOSITORY}"]


async def test_a_request_without_plans_only_loads_the_checkpoint(engine: Engine) -> None:
    assert (await engine.render(request(), ignore_progress)).pictures == ()


async def test_broken_weights_are_reported_and_the_process_keeps_running(engine: Engine, tmp_path: Path) -> None:
    await engine.start()
    broken = Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "broken"))
    (broken / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\0" * 100)
    pid = engine.pid
    with pytest.raises(CheckpointUnusable, match=r"^The weights of Broken can't be loaded: ") as unusable:
        await engine.render(request(a_plan(), location=broken, name="broken"), ignore_progress)
    assert "choose another model" in unusable.value.calm
    assert len((await engine.render(request(a_plan()), ignore_progress)).pictures) == 1
    assert engine.pid == pid


async def test_a_failed_plan_does_not_affect_the_next(engine: Engine) -> None:
    await engine.start()
    pid = engine.pid
    with pytest.raises(EngineError, match="KeyError: 'unheard-of'") as failed:
        await engine.render(request(a_plan(sampler="unheard-of")), ignore_progress)
    assert not isinstance(failed.value, (EngineDied, CheckpointUnusable))
    assert len((await engine.render(request(a_plan()), ignore_progress)).pictures) == 1
    assert engine.pid == pid


@needs_linux
async def test_for_a_picture_that_does_not_fit_into_memory_a_smaller_size_is_suggested(engine: Engine) -> None:
    await engine.render(request(a_plan()), ignore_progress)  # allocates what loading needs
    pid = engine.pid
    assert pid is not None
    with limited_memory(pid), pytest.raises(OutOfMemory) as refused:
        await engine.render(request(a_plan(width=1024, height=768, count=2)), ignore_progress)
    assert refused.value.calm == (
        "1024x768 with Demo needs more memory than this machine has. 720x544 would probably fit."
    )
    assert len((await engine.render(request(a_plan()), ignore_progress)).pictures) == 1
    assert engine.pid == pid


@needs_linux
async def test_a_model_that_does_not_fit_into_memory_can_be_loaded_later(engine: Engine, tmp_path: Path) -> None:
    large = a_checkpoint("large", Architecture.SD1)
    wanted = RenderRequest(large, Installation.in_folder(save_sd1(tmp_path / "large", intermediate_size=4096)), ())
    await engine.render(request(a_plan()), ignore_progress)
    pid = engine.pid
    assert pid is not None
    with limited_memory(pid), pytest.raises(OutOfMemory, match=r"^Large doesn't fit into memory: ") as refused:
        await engine.render(wanted, ignore_progress)
    assert refused.value.calm == model_too_large(large)
    assert (await engine.render(wanted, ignore_progress)).pictures == ()  # there is room again
    assert engine.pid == pid


def test_without_an_allowed_smaller_size_another_model_is_suggested() -> None:
    sentence = picture_too_large(a_checkpoint("sd1", Architecture.SD1), 256, 256)
    assert sentence == "256x256 with Sd1 needs more memory than this machine has. Please choose another model."


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (signal.SIGKILL, r"The engine's process ended unexpectedly \(code -9\)\."),
        (signal.SIGSTOP, r"The engine sent nothing for 1 s and was killed\."),
    ],
    ids=["killed", "hanging"],
)
async def test_a_process_that_dies_or_hangs_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, reason: str
) -> None:
    await engine.start()
    pid = engine.pid
    assert pid is not None
    with monkeypatch.context() as patience:
        patience.setattr(engine, "_patience", 1.0)
        with pytest.raises(EngineDied, match=reason):
            await engine.render(request(a_plan(steps=40, count=4)), lambda _: os.kill(pid, sent))
    assert not is_running(pid)
    assert engine.pid is None
    rendered = await engine.render(request(a_plan()), ignore_progress)
    assert len(rendered.pictures) == 1
    assert engine.pid not in (None, pid)


@pytest.mark.parametrize("size", [1, 4000])
async def test_a_process_that_hangs_before_it_accepts_the_request_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Also when the request is too large for the pipe's buffer, so that sending it blocks."""
    await engine.render(request(a_plan()), ignore_progress)
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    large = a_plan(embeddings=(a_placed(vectors=size),))
    with monkeypatch.context() as patience:
        patience.setattr(engine, "_patience", 1.0)
        with pytest.raises(EngineDied, match="and was killed"):
            await asyncio.wait_for(engine.render(request(large), ignore_progress), 20)
    assert not is_running(pid)
    assert len((await engine.render(request(a_plan()), ignore_progress)).pictures) == 1


async def test_closing_ends_the_process(engine: Engine) -> None:
    await engine.start()
    pid = engine.pid
    assert pid is not None
    await asyncio.wait_for(engine.close(), 20)
    assert not is_running(pid)
    assert engine.pid is None
    await engine.close()  # a second time is harmless


async def test_a_cancelled_render_leaves_no_process_behind(engine: Engine) -> None:
    waiting = asyncio.create_task(engine.render(request(a_plan()), ignore_progress))
    await asyncio.sleep(0.3)  # by now the process is running, but importing torch takes seconds
    pid = engine.pid
    assert pid is not None
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not is_running(pid)
    assert engine.pid is None
