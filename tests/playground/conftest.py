"""A local Discord, and small bots of discord.py that run against it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
import yarl
from discord.ext import commands

from playground import Discord

SPECIFICATION = Path(__file__).parents[3] / "shared" / "data" / "discord-openapi.json"


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

    async def setup_hook(self) -> None:
        await self.tree.sync()


@asynccontextmanager
async def running(bot: commands.Bot, server: Discord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The bot, logged in and ready."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.rest_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    monkeypatch.setattr(discord.Asset, "BASE", server.base_url)
    async with bot:
        await bot.login(server.token)
        import asyncio

        task = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        yield
        await bot.close()
        await task
