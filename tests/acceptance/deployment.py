"""A bot of its own for tests that break its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from playground import Discord, Message, Person, Reply
from services.storage import Storage, open_storage
from tests.acceptance.conftest import has_picture

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
