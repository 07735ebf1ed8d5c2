"""The real bot in a child process, against a local Discord, where each test gets a new server."""

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

#: the name of the one who operates the bot
OPERATOR = "olga"


@dataclass(frozen=True)
class Place:
    """A server, its people and the bot."""

    bot: BotProcess
    guild: Guild
    storage: Storage
    #: parts of the problems that a test causes on purpose
    expected: list[str] = field(default_factory=list)

    @property
    def discord(self) -> Discord:
        return self.bot.discord

    def person(self, name: str, *permissions: str) -> Person:
        """A person of this server alone, since the bot limits what a member does; the operator is the same everywhere."""
        person = self.of_the_page(name if name == OPERATOR else f"{name} of {self.guild.id}")
        person.may(*permissions)
        return person

    def of_the_page(self, name: str) -> Person:
        """A person whom the page knows by that plain name, the same in every server, with this server open."""
        person = self.discord.person(name)
        person.go_to(self.channel)
        return person

    @property
    def channel(self) -> Channel:
        """The channel that its people have open."""
        return self.discord.channel("pictures", self.guild)

    async def row(self, jobs: int = 1) -> Job:
        """The newest job of this server, once it has `jobs` of them and the newest is answered."""
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
        """The channel's messages with pictures, oldest first."""
        return [message for message in self.person("observer").sees() if message.attachments]

    async def uses(self) -> int:
        """How many embeddings the jobs of this server used; 0 means that there are no jobs."""
        return sum((await self.storage.jobs.uses()).get(self.guild.id, {}).values())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_bot() -> AsyncIterator[BotProcess]:
    """One bot for all tests of a session."""
    spec = SPECIFICATION if SPECIFICATION.exists() else None
    discord = Discord(spec=spec)
    settings = {"OPERATORS": str(discord.person(OPERATOR).id)}
    async with local_bot(discord, settings=settings) as bot:
        yield bot


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def storage(running_bot: BotProcess) -> AsyncIterator[Storage]:
    """The bot's own database."""
    async with open_storage(running_bot.database_url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def place(running_bot: BotProcess, storage: Storage) -> AsyncIterator[Place]:
    """A new server. The test fails if the real Discord would have refused anything, or the bot left anything unanswered."""
    discord = running_bot.discord
    before = Counter(discord.problems())
    guild = discord.add_guild("A server", ["pictures", "general"])
    place = Place(running_bot, guild, storage)
    yield place
    discord.faults.clear()
    new = list((Counter(discord.problems()) - before).elements())
    unexpected = [problem for problem in new if not any(part in problem for part in place.expected)]
    assert not unexpected, "\n".join(unexpected)


async def drawn(reply: Reply) -> Message:
    """The final answer. It takes a second or two, or much longer on a busy machine."""
    return await reply.until(has_picture, 90)


async def details_of(person: Person, message: Message) -> str:
    """What the button under pictures tells a person privately."""
    return (await person.click(message, "Details")).text


def has_picture(message: Message) -> bool:
    """Whether a message has pictures, which only a final answer has."""
    return bool(message.attachments)


async def reroll_of(discord: Discord, original: Message) -> Message:
    """The message with the pictures that reroll another message's."""
    return await discord.wait_for(lambda message: message.reply_to == original.id and has_picture(message), 60)
