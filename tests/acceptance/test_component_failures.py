"""The bot's process, its engine or its database fails while members wait."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from playground import Discord, Message, Person, Reply
from services.errors import EngineDied
from services.jobs import JobState
from services.queue.upkeep import TEND_INTERVAL
from services.storage import Storage, open_storage
from tests.acceptance.conftest import drawn, has_picture, reroll_of
from tests.sentences.storage import DATABASE_UNAVAILABLE

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRACE = 10.0  # seconds in which the bot must shut down
#: takes some seconds even on a fast machine, so that it is still being rendered when something fails
LONG = {"prompt": "a house at night", "steps": 50, "count": 3, "size": "96x96"}
#: short, since a step of the demo takes a tenth of a second, and there is a heartbeat every second
SETTINGS = {"ENGINE_PATIENCE": "6", "GATEWAY_PATIENCE": "4"}
HEARTBEAT = 1000  # ms


class Deployment:
    """A bot of its own, with a new server for each test, and its database."""

    def __init__(self, bot: BotProcess, storage: Storage) -> None:
        self.discord = bot.discord
        self.bot = bot
        self.storage = storage
        self.guild = self.discord.add_guild("A server", ["pictures"])

    def person(self, name: str) -> Person:
        person = self.discord.person(name)
        person.go_to(self.discord.channel("pictures", self.guild))
        return person

    def pictures(self) -> list[Message]:
        return [message for message in self.person("observer").sees() if message.attachments]

    async def column(self, name: str) -> list[Any]:
        """A column of all jobs of this server, oldest first."""
        rows = await self.storage.pool.fetch(f"SELECT {name} FROM jobs WHERE guild_id = $1 ORDER BY id", self.guild.id)
        return [row[name] for row in rows]

    async def settled(self) -> list[str]:
        """The states of all jobs, once all are answered."""
        async with asyncio.timeout(60):
            while None in await self.column("answered_at"):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        return await self.column("state")

    async def until_rendering(self, reply: Reply) -> None:
        """Wait until its card shows progress, or it is done."""
        await reply.until(
            lambda message: has_picture(message) or ("step" in message.text and "step 0" not in message.text), 30
        )


def discord_with_fast_heartbeat() -> Discord:
    discord = Discord()
    discord.gateway.heartbeat_interval = HEARTBEAT
    return discord


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parts() -> AsyncIterator[tuple[BotProcess, Storage]]:
    """A bot and its database, which each test breaks and repairs."""
    async with (
        local_bot(discord_with_fast_heartbeat(), settings=SETTINGS) as bot,
        open_storage(bot.database_url) as storage,
    ):
        yield bot, storage


@pytest_asyncio.fixture(loop_scope="session")
async def deployment(parts: tuple[BotProcess, Storage]) -> Deployment:
    bot, storage = parts
    if bot.pid is None:  # a failed test left it stopped
        await bot.start()
    return Deployment(bot, storage)


async def test_shutting_down_delivers_the_picture_and_keeps_the_queue(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    running = await ana.slash("imagine", **{**LONG, "count": 1, "steps": 30})
    waiting = [await ben.slash("imagine", prompt="a fish", steps=41 + number) for number in range(2)]
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
    waiting = [await ben.slash("imagine", prompt="a fish", steps=40 + number) for number in range(3)]
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


async def test_a_killed_database_loses_no_picture(deployment: Deployment) -> None:
    people = [deployment.person(name) for name in ("ana", "ben", "cleo")]
    replies = [await person.slash("imagine", prompt="a fish", steps=20 + n) for n, person in enumerate(people)]
    assert deployment.bot.kill("PostgreSQL")
    pictures = [await drawn(reply) for reply in replies]
    assert sorted(picture.id for picture in deployment.pictures()) == sorted(picture.id for picture in pictures)


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.slow)])
async def test_requests_are_refused_while_the_database_is_down_and_accepted_ones_resume(
    deployment: Deployment, seconds: float
) -> None:
    ana, ben, cleo = (deployment.person(name) for name in ("ana", "ben", "cleo"))
    picture = await drawn(await cleo.slash("imagine", prompt="a fish", steps=4))
    crowd = [ana, *(deployment.person(name) for name in ("dan", "eva", "finn"))]
    accepted = [await person.slash("imagine", prompt="a house", steps=20 + n) for n in range(3) for person in crowd]
    async with deployment.bot.database_down():
        started = time.monotonic()
        refused = [
            await ben.slash("imagine", prompt="a fish"),
            await ben.click(picture, "Reroll"),
            await ben.slash("preset list"),
        ]
        assert [(reply.failed, reply.text.rpartition("\n")[2]) for reply in refused] == [
            (None, DATABASE_UNAVAILABLE)
        ] * 3
        await cleo.react(picture, "🔁")  # a reaction needs no acknowledgement, so it waits
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))
    pictures = [await drawn(reply) for reply in accepted]
    again = await reroll_of(deployment.discord, picture)
    assert sorted(picture.id for picture in deployment.pictures()) == sorted(
        [picture.id, *(picture.id for picture in pictures), again.id]
    )
    assert set(await deployment.settled()) <= {"delivered", "cancelled"}


@pytest.mark.parametrize("seconds", [1, pytest.param(TEND_INTERVAL, marks=pytest.mark.slow)])
async def test_a_read_only_database_is_an_outage_and_ends_nothing(deployment: Deployment, seconds: float) -> None:
    """As on a standby, or where a host stops a server from filling its disk."""
    name = "default_transaction_read_only"
    accepted = await deployment.person("ana").slash("imagine", prompt="a house", steps=20)
    process, ben = deployment.bot.pid, deployment.person("ben")
    administrator = await asyncpg.connect(deployment.bot.database_url, server_settings={name: "off"})
    for statement in (f"ALTER SYSTEM SET {name} = on", "SELECT pg_reload_conf(), pg_sleep(0.5)"):
        await administrator.execute(statement)
    assert (await ben.slash("imagine", prompt="a fish")).text == DATABASE_UNAVAILABLE
    await asyncio.sleep(seconds)  # in the longer case, every background task that writes has met it
    for statement in (f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()"):
        await administrator.execute(statement)
    await administrator.close()
    await drawn(accepted)
    await drawn(await ben.slash("imagine", prompt="a fish", steps=4))
    assert deployment.bot.pid == process


@pytest.mark.slow
async def test_shutting_down_without_a_database_ends_in_time_and_loses_nothing(deployment: Deployment) -> None:
    ana = deployment.person("ana")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    async with deployment.bot.database_down():
        started = time.monotonic()
        await deployment.bot.stop()
        assert time.monotonic() - started < GRACE
    await deployment.bot.start()
    await drawn(running)
    assert await deployment.settled() == ["delivered"]


async def test_a_hanging_database_is_reported_in_time(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    accepted = await ana.slash("imagine", prompt="a house", steps=20)
    async with deployment.bot.database_down(hanging=True):
        refused = await ben.slash("imagine", prompt="a fish")
        assert (refused.failed, refused.text) == (None, DATABASE_UNAVAILABLE)
        await asyncio.sleep(2)
    await drawn(accepted)
    await drawn(await ben.slash("imagine", prompt="a fish", steps=4))


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
