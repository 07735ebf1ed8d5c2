"""What the bot itself stands on breaks while members wait: its process, its engine, its database."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from playground import Discord, Message, Person, Reply
from services.errors import EngineDied
from services.jobs import JobState
from services.storage import Storage, open_storage
from tests.acceptance.conftest import drawn, has_picture
from tests.sentences.storage import DATABASE_UNAVAILABLE

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRACE = 10.0  # seconds that the bot has for ending in good order
#: some seconds on a quick machine, so that it is still being drawn when something breaks
LONG = {"prompt": "a house at night", "steps": 50, "count": 3, "size": "96x96"}
#: a step of the demo takes a tenth of a second, and a heartbeat comes every second
SETTINGS = {"ENGINE_PATIENCE": "6", "GATEWAY_PATIENCE": "4"}
HEARTBEAT = 1000  # ms


class House:
    """A bot of its own, whose server is new for each test, and what it writes down."""

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
        return [one for one in self.person("someone").sees() if one.attachments]

    async def column(self, name: str) -> list[Any]:
        """One column of all jobs here, in the order they were asked."""
        rows = await self.storage.pool.fetch(f"SELECT {name} FROM jobs WHERE guild_id = $1 ORDER BY id", self.guild.id)
        return [row[name] for row in rows]

    async def settled(self) -> list[str]:
        """The states of all jobs, once every member is answered."""
        async with asyncio.timeout(60):
            while None in await self.column("answered_at"):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        return await self.column("state")

    async def begun(self, reply: Reply) -> None:
        """Wait until its card says that it is being drawn, or it is drawn already."""
        await reply.until(lambda one: has_picture(one) or ("step" in one.text and "step 0" not in one.text), 30)


def a_quick_discord() -> Discord:
    discord = Discord()
    discord.gateway.heartbeat_interval = HEARTBEAT
    return discord


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parts() -> AsyncIterator[tuple[BotProcess, Storage]]:
    """They are broken and mended again by each test."""
    async with local_bot(a_quick_discord(), settings=SETTINGS) as bot, open_storage(bot.database_url) as storage:
        yield bot, storage


@pytest_asyncio.fixture(loop_scope="session")
async def house(parts: tuple[BotProcess, Storage]) -> House:
    bot, storage = parts
    if bot.pid is None:  # a test that failed left it down
        await bot.start()
    return House(bot, storage)


async def test_told_to_end_it_lets_the_picture_arrive_and_keeps_the_line(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **{**LONG, "count": 1, "steps": 30})
    waiting = [await ben.slash("imagine", prompt="a fish", steps=41 + number) for number in range(2)]
    await house.begun(running)
    started = time.monotonic()
    await house.bot.stop()
    assert time.monotonic() - started < GRACE
    assert running.message is not None
    assert running.message.attachments
    states = await house.column("state")
    assert states[0] == "delivered"
    assert "running" not in states
    await house.bot.start()
    pictures = [await drawn(reply) for reply in waiting]
    assert [one.id for one in house.pictures()] == [running.message.id, *(one.id for one in pictures)]
    assert set(await house.column("attempts")) == {1}


@pytest.mark.slow
async def test_what_cannot_end_in_time_is_put_back_in_line_and_goes_on_in_its_order(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    await house.begun(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    engine = house.bot.engine_pid
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)  # a picture that takes longer than anybody waits
    started = time.monotonic()
    await house.bot.stop()
    assert time.monotonic() - started < GRACE
    assert await house.column("state") == ["queued", "queued"]
    assert await house.column("attempts") == [0, 0]
    await house.bot.start()
    first, second = await drawn(running), await drawn(waiting)
    assert [one.id for one in house.pictures()] == [first.id, second.id]
    ended = await house.column("finished_at")
    assert ended == sorted(ended)


@pytest.mark.slow
async def test_killed_while_it_draws_it_goes_on_and_brings_the_cards_up_to_date(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    waiting = [await ben.slash("imagine", prompt="a fish", steps=40 + number) for number in range(3)]
    await house.begun(running)
    await waiting[2].until(lambda one: "Third in line" in one.text)
    await house.bot.restart()
    await waiting[2].until(lambda one: "in line" in one.text and "Third" not in one.text, 60)
    pictures = [await drawn(reply) for reply in (running, *waiting)]
    assert sorted(one.id for one in house.pictures()) == sorted(one.id for one in pictures)
    assert await house.settled() == ["delivered"] * 4


@pytest.mark.slow
async def test_a_cancel_that_is_cut_off_is_still_said(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    card = await waiting.until(lambda one: "in line" in one.text)
    house.discord.faults.drop_connection("PATCH", "/webhooks/*/messages/*", when="before", times=99)
    await ben.click(card, "Cancel")
    await house.bot.stop(hard=True)
    house.discord.faults.clear()
    await house.bot.start()
    await waiting.until(lambda one: one.text == "Cancelled." and not one.buttons, 30)
    await drawn(running)
    assert await house.settled() == ["delivered", "cancelled"]


async def test_the_engine_has_neither_the_token_nor_the_databases_address(house: House) -> None:
    ana = house.person("ana")
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    variables = Path(f"/proc/{house.bot.engine_pid}/environ").read_text(encoding="utf-8")
    assert "PYTHONPATH=" in variables
    for secret in (house.discord.token, house.bot.database_url, "DISCORD_TOKEN", "DATABASE_URL"):
        assert secret not in variables


async def test_an_engine_that_is_killed_costs_nobody_a_picture(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    await house.begun(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    assert house.bot.kill("engine")
    first, second = await drawn(running), await drawn(waiting)
    assert [one.id for one in house.pictures()] == [first.id, second.id]
    assert await house.column("attempts") == [2, 1]


@pytest.mark.slow
async def test_an_engine_that_hangs_is_replaced_and_costs_nobody_a_picture(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    await house.begun(running)
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    engine = house.bot.engine_pid
    assert engine is not None
    os.kill(engine, signal.SIGSTOP)
    first, second = await drawn(running), await drawn(waiting)
    assert house.bot.engine_pid != engine
    assert [one.id for one in house.pictures()] == [first.id, second.id]
    assert await house.column("attempts") == [2, 1]


@pytest.mark.slow
async def test_a_job_that_kills_the_engine_twice_gets_a_sentence_and_the_others_their_pictures(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    running = await ana.slash("imagine", **LONG)
    await house.begun(running)
    assert house.bot.kill("engine")
    waiting = await ben.slash("imagine", prompt="a fish", steps=4)
    await running.until(lambda one: "step 0" in one.text, 30)
    await house.begun(running)
    assert house.bot.kill("engine")
    told = await running.until(lambda one: EngineDied.calm in one.text, 30)
    assert [one.label for one in told.buttons] == ["Try again"]
    await drawn(waiting)
    assert await house.settled() == [JobState.FAILED, JobState.DELIVERED]


async def test_a_database_that_is_killed_costs_nobody_a_picture(house: House) -> None:
    people = [house.person(name) for name in ("ana", "ben", "cleo")]
    replies = [await one.slash("imagine", prompt="a fish", steps=20 + number) for number, one in enumerate(people)]
    assert house.bot.kill("PostgreSQL")
    pictures = [await drawn(reply) for reply in replies]
    assert sorted(one.id for one in house.pictures()) == sorted(one.id for one in pictures)


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.slow)])
async def test_a_database_that_is_away_is_waited_for_and_said_calmly(house: House, seconds: float) -> None:
    ana, ben, cleo = (house.person(name) for name in ("ana", "ben", "cleo"))
    picture = await drawn(await cleo.slash("imagine", prompt="a fish", steps=4))
    crowd = [ana, *(house.person(name) for name in ("dan", "eva", "finn"))]
    accepted = [await one.slash("imagine", prompt="a house", steps=20 + n) for n in range(3) for one in crowd]
    async with house.bot.database_down():
        started = time.monotonic()
        refused = [
            await ben.slash("imagine", prompt="a fish"),
            await ben.click(picture, "Reroll"),
            await ben.slash("preset list"),
        ]
        assert [(one.failed, one.text.rpartition("\n")[2]) for one in refused] == [(None, DATABASE_UNAVAILABLE)] * 3
        await cleo.react(picture, "🔁")  # nobody acknowledges a reaction, so it waits
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))
    pictures = [await drawn(reply) for reply in accepted]
    again = await house.discord.wait_for(lambda one: one.reply_to == picture.id and has_picture(one), 60)
    assert sorted(one.id for one in house.pictures()) == sorted([picture.id, *(one.id for one in pictures), again.id])
    assert set(await house.settled()) <= {"delivered", "cancelled"}


@pytest.mark.slow
async def test_told_to_end_without_a_database_it_ends_in_time_and_nothing_is_lost(house: House) -> None:
    ana = house.person("ana")
    running = await ana.slash("imagine", **LONG)
    await house.begun(running)
    async with house.bot.database_down():
        started = time.monotonic()
        await house.bot.stop()
        assert time.monotonic() - started < GRACE
    await house.bot.start()
    await drawn(running)
    assert await house.settled() == ["delivered"]


async def test_a_database_that_hangs_is_said_calmly_in_time(house: House) -> None:
    ana, ben = house.person("ana"), house.person("ben")
    accepted = await ana.slash("imagine", prompt="a house", steps=20)
    async with house.bot.database_down(hanging=True):
        refused = await ben.slash("imagine", prompt="a fish")
        assert (refused.failed, refused.text) == (None, DATABASE_UNAVAILABLE)
        await asyncio.sleep(2)
    await drawn(accepted)
    await drawn(await ben.slash("imagine", prompt="a fish", steps=4))


async def test_a_gateway_that_falls_silent_is_left_for_a_new_connection(house: House) -> None:
    ana = house.person("ana")
    reply = await ana.slash("imagine", prompt="a house", steps=20)
    (session,) = house.discord.gateway.connected
    silent = session.connection
    house.discord.gateway.acknowledges = False
    await house.discord.until(lambda: session.connection is not silent or None, 20, lambda: "it still waits")
    house.discord.gateway.acknowledges = True
    await house.discord.until_connected(20)
    await drawn(reply)
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
