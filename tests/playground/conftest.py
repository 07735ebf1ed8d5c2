"""A local Discord, and small bots of discord.py that run against it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from playground import Discord, Message, Modal, Reply
from tests.playground.api import Api, opened_api

SPECIFICATION = Path(__file__).parents[3] / "shared" / "data" / "discord-openapi.json"


@pytest.fixture
async def api(local: Discord) -> AsyncIterator[Api]:
    """A client that sends exactly what a test says."""
    async with opened_api(local) as opened:
        yield opened


@pytest.fixture
async def local() -> AsyncIterator[Discord]:
    """A Discord whose every exchange is held against the specification, where that file is at hand."""
    spec = SPECIFICATION if SPECIFICATION.exists() else None
    async with Discord(spec=spec) as server:
        yield server


class SmallBot(commands.Bot):
    """A bot that syncs its commands when it starts."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, dm_messages=True),
                         guild_ready_timeout=0.0)  # fmt: skip
        #: the code that a command got which answered too late
        self.late: int | None = None

    async def setup_hook(self) -> None:
        await self.tree.sync()


def answer_of(reply: Reply) -> Message:
    """The message that answers."""
    assert reply.message is not None
    return reply.message


def form_of(reply: Reply) -> Modal:
    """The form that was opened."""
    assert reply.modal is not None
    return reply.modal


@asynccontextmanager
async def running(bot: commands.Bot, server: Discord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The bot, logged in and ready."""
    monkeypatch.setattr(Route, "BASE", server.rest_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    monkeypatch.setattr(discord.Asset, "BASE", server.base_url)
    async with bot:
        await bot.login(server.token)
        task = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        yield
        await bot.close()
        await task
