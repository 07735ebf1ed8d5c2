"""A local Discord, and small discord.py bots that run against it."""

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
from tests.playground.api import Api, open_api

SPECIFICATION = Path(__file__).parents[3] / "shared" / "data" / "discord-openapi.json"


@pytest.fixture
async def api(local: Discord) -> AsyncIterator[Api]:
    """A raw REST client."""
    async with open_api(local) as opened:
        yield opened


@pytest.fixture
async def local() -> AsyncIterator[Discord]:
    """A Discord that checks every exchange against the specification, if that file is available."""
    spec = SPECIFICATION if SPECIFICATION.exists() else None
    async with Discord(spec=spec) as server:
        yield server


class SmallBot(commands.Bot):
    """A bot that syncs its commands when it starts."""

    def __init__(self) -> None:
        super().__init__(
            "!",
            intents=discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, dm_messages=True),
            guild_ready_timeout=0.0,
        )
        #: the error code that a command got for responding too late
        self.late: int | None = None

    async def setup_hook(self) -> None:
        await self.tree.sync()


def message_of(reply: Reply) -> Message:
    """The response's message."""
    assert reply.message is not None
    return reply.message


def form_of(reply: Reply) -> Modal:
    """The form that the response opened."""
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
