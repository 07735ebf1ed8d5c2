"""The bot's process or its engine fails while members wait, or Discord falls silent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from services.errors import EngineDied
from services.jobs import JobState
from tests.acceptance.conftest import drawn
from tests.acceptance.deployment import GRACE, LONG, Deployment, deployment, parts

__all__ = ["deployment", "parts"]  # fixtures
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_shutting_down_delivers_the_picture_and_keeps_the_queue(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **{**LONG, "count": 1, "steps": 15})
    waiting = [await ben.slash("imagine", prompt="a fish", steps=4 + number) for number in range(2)]
    await deployment.until_rendering(running)
    started = time.monotonic()
    await deployment.bot.stop()
    assert time.monotonic() - started < GRACE
    assert running.message is not None
    assert running.message.attachments
    states = await deployment.column("state")
    assert states[0] == "delivered"
    assert "running" not in states
    await deployment.bot.start()
    pictures = [await drawn(reply) for reply in waiting]
    assert [picture.id for picture in deployment.pictures()] == [
        running.message.id,
        *(picture.id for picture in pictures),
    ]
    assert set(await deployment.column("attempts")) == {1}


@pytest.mark.slow
async def test_a_job_that_cant_end_in_time_is_requeued_in_order(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    engine = deployment.bot.engine_pid
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)  # the picture won't be done in time
    started = time.monotonic()
    await deployment.bot.stop()
    assert time.monotonic() - started < GRACE
    assert await deployment.column("state") == ["queued", "queued"]
    assert await deployment.column("attempts") == [0, 0]
    await deployment.bot.start()
    first, second = await drawn(running), await drawn(waiting)
    assert [picture.id for picture in deployment.pictures()] == [first.id, second.id]
    ended = await deployment.column("finished_at")
    assert ended == sorted(ended)


@pytest.mark.slow
async def test_a_bot_killed_while_rendering_resumes_and_updates_the_cards(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    waiting = [await ben.slash("imagine", prompt="a fish", steps=4 + number) for number in range(3)]
    await deployment.until_rendering(running)
    await waiting[2].until(lambda message: "Third in line" in message.text)
    await deployment.bot.restart()
    await waiting[2].until(lambda message: "in line" in message.text and "Third" not in message.text, 60)
    pictures = [await drawn(reply) for reply in (running, *waiting)]
    assert sorted(picture.id for picture in deployment.pictures()) == sorted(picture.id for picture in pictures)
    assert await deployment.settled() == ["delivered"] * 4


@pytest.mark.slow
async def test_an_interrupted_cancel_is_confirmed_after_the_restart(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    card = await waiting.until(lambda message: "in line" in message.text)
    deployment.discord.faults.drop_connection("PATCH", "/webhooks/*/messages/*", when="before", times=99)
    await ben.click(card, "Cancel")
    await deployment.bot.stop(hard=True)
    deployment.discord.faults.clear()
    await deployment.bot.start()
    await waiting.until(lambda message: message.text == "Cancelled." and not message.buttons, 30)
    await drawn(running)
    assert await deployment.settled() == ["delivered", "cancelled"]


async def test_the_engine_has_neither_the_token_nor_the_databases_address(deployment: Deployment) -> None:
    ana = deployment.person("ana")
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    variables = Path(f"/proc/{deployment.bot.engine_pid}/environ").read_text(encoding="utf-8")
    assert "PYTHONPATH=" in variables
    for secret in (deployment.discord.token, deployment.bot.database_url, "DISCORD_TOKEN", "DATABASE_URL"):
        assert secret not in variables


async def test_a_killed_engine_loses_no_picture(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    assert deployment.bot.kill("engine")
    first, second = await drawn(running), await drawn(waiting)
    assert [picture.id for picture in deployment.pictures()] == [first.id, second.id]
    assert await deployment.column("attempts") == [2, 1]


@pytest.mark.slow
async def test_a_hanging_engine_is_replaced_and_loses_no_picture(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    engine = deployment.bot.engine_pid
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)
    first, second = await drawn(running), await drawn(waiting)
    assert deployment.bot.engine_pid != engine
    assert [picture.id for picture in deployment.pictures()] == [first.id, second.id]
    assert await deployment.column("attempts") == [2, 1]


@pytest.mark.slow
async def test_a_job_that_kills_the_engine_twice_fails_without_affecting_others(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    assert deployment.bot.kill("engine")
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    await running.until(lambda message: "step 0" in message.text, 30)
    await deployment.until_rendering(running)
    assert deployment.bot.kill("engine")
    told = await running.until(lambda message: EngineDied.calm in message.text, 30)
    assert [button.label for button in told.buttons] == ["Try again"]
    await drawn(waiting)
    assert await deployment.settled() == [JobState.FAILED, JobState.DELIVERED]


async def test_a_silent_gateway_connection_is_replaced(deployment: Deployment) -> None:
    ana = deployment.person("ana")
    reply = await ana.slash("imagine", prompt="a house", steps=20)
    (session,) = deployment.discord.gateway.connected
    silent = session.connection
    deployment.discord.gateway.acknowledges = False
    await deployment.discord.until(
        lambda: session.connection is not silent or None, 20, lambda: "the bot hasn't reconnected"
    )
    deployment.discord.gateway.acknowledges = True
    await deployment.discord.until_connected(20)
    await drawn(reply)
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
