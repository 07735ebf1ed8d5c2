"""The real bot in its own process, against a local Discord; each test has a server of its own with people in it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.process import BotProcess
from playground import Discord, Message, Person, Reply
from playground.world import Guild
from services.storage import Storage, open_storage
from tests.playground.conftest import SPECIFICATION


@dataclass(frozen=True)
class Place:
    """One server, its people and the bot."""

    discord: Discord
    bot: BotProcess
    guild: Guild
    storage: Storage

    def person(self, name: str, *permissions: str) -> Person:
        person = self.discord.person(name)
        person.go_to(self.discord.channel("pictures", self.guild))
        person.may(*permissions)
        return person

    async def jobs_asked(self) -> int:
        """How many embeddings were ever used here; no job without one."""
        return sum((await self.storage.jobs.uses()).get(self.guild.id, {}).values())


@pytest.fixture(scope="session")
def bot_folder() -> Iterator[Path]:
    """Where the database's own account gets through, which it does not in pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="negative-space-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(bot_folder: Path) -> AsyncIterator[tuple[Discord, BotProcess]]:
    """One bot for all tests of a session."""
    spec = SPECIFICATION if SPECIFICATION.exists() else None
    async with Discord(spec=spec) as discord, BotProcess(discord, bot_folder) as bot:
        yield discord, bot


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def storage(running: tuple[Discord, BotProcess]) -> AsyncIterator[Storage]:
    """The bot's own database."""
    async with open_storage(running[1].database_url) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def place(running: tuple[Discord, BotProcess], storage: Storage) -> AsyncIterator[Place]:
    """A new server. Whatever real Discord would have refused, or the bot left unanswered, fails the test."""
    discord, bot = running
    before = set(discord.problems())
    guild = discord.add_guild("A server", ["pictures", "general"])
    yield Place(discord, bot, guild, storage)
    new = [problem for problem in discord.problems() if problem not in before]
    assert not new, "\n".join(new)


async def drawn(reply: Reply) -> Message:
    """The final answer; a picture takes a second or two, but machines that run tests are slow."""
    return await reply.until(has_picture, 90)


def has_picture(message: Message) -> bool:
    """Whether it is the final answer."""
    return bool(message.attachments)
