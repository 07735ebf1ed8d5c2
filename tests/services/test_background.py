"""A bug in a background task is logged, and the task goes on."""

from __future__ import annotations

import asyncio

import pytest

from services.background import keep_running


async def test_a_task_that_fails_is_restarted_and_the_bug_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ZeroDivisionError("a bug")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(keep_running(work, "pruning", pause=0.01))
    assert len(runs) == 3
    assert caplog.text.count("background task 'pruning' failed") == 2
    assert "ZeroDivisionError: a bug" in caplog.text


async def test_a_task_that_is_cancelled_ends() -> None:
    task = asyncio.create_task(keep_running(lambda: asyncio.sleep(60), "sleeping"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
