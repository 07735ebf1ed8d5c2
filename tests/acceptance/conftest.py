"""The real bot in its own process, against a local Discord; each test has a server of its own with people in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from playground import Discord, Message, Person, Reply
from playground.world import Channel, Guild
from services.jobs import Job, JobId
from services.storage import Storage, open_storage
from tests.playground.conftest import SPECIFICATION


@dataclass(frozen=True)
class Place:
    """One server, its people and the bot."""

    bot: BotProcess
    guild: Guild
    storage: Storage
    #: parts of complaints that a test brings about on purpose
    expected: list[str] = field(default_factory=list)

    @property
    def discord(self) -> Discord:
        return self.bot.discord

    def person(self, name: str, *permissions: str) -> Person:
        person = self.discord.person(name)
        person.go_to(self.discord.channel("pictures", self.guild))
        person.may(*permissions)
        return person

    @property
    def channel(self) -> Channel:
        """Where its people are."""
        return self.discord.channel("pictures", self.guild)

    async def row(self, jobs: int = 1) -> Job:
        """The newest of so many jobs here, once nobody waits for its answer any more."""
        query = "SELECT id, answered_at FROM jobs WHERE guild_id = $1 ORDER BY id"
        async with asyncio.timeout(30):
            rows = await self.storage.pool.fetch(query, self.guild.id)
            while len(rows) < jobs or rows[-1]["answered_at"] is None:
                await asyncio.sleep(0.05)
                rows = await self.storage.pool.fetch(query, self.guild.id)
        job = await self.storage.jobs.get(JobId(rows[-1]["id"]))
        assert job is not None
        return job

    def pictures(self) -> list[Message]:
        """All messages of the channel that show any, the oldest first."""
        return [one for one in self.person("someone").sees() if one.attachments]

    async def jobs_asked(self) -> int:
        """How many embeddings were ever used here; no job without one."""
        return sum((await self.storage.jobs.uses()).get(self.guild.id, {}).values())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_bot() -> AsyncIterator[BotProcess]:
    """One bot for all tests of a session."""
    spec = SPECIFICATION if SPECIFICATION.exists() else None
    async with local_bot(Discord(spec=spec)) as bot:
        yield bot


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def storage(running_bot: BotProcess) -> AsyncIterator[Storage]:
    """The bot's own database."""
    async with open_storage(running_bot.database_url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def place(running_bot: BotProcess, storage: Storage) -> AsyncIterator[Place]:
    """A new server. Whatever real Discord would have refused, or the bot left unanswered, fails the test."""
    discord = running_bot.discord
    before = Counter(discord.problems())
    guild = discord.add_guild("A server", ["pictures", "general"])
    place = Place(running_bot, guild, storage)
    yield place
    discord.faults.clear()
    new = list((Counter(discord.problems()) - before).elements())
    unexpected = [problem for problem in new if not any(one in problem for one in place.expected)]
    assert not unexpected, "\n".join(unexpected)


async def drawn(reply: Reply) -> Message:
    """The final answer; a picture takes a second or two, but machines that run tests are slow."""
    return await reply.until(has_picture, 90)


def has_picture(message: Message) -> bool:
    """Whether it is the final answer."""
    return bool(message.attachments)
