"""Starting, and being refused: what an operator sees when Discord doesn't take the bot."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.connection import WRONG_GATEWAY_USE, WRONG_TOKEN
from bot.local.launch import local_bot
from bot.local.process import BotProcess
from playground import Discord

pytestmark = pytest.mark.asyncio(loop_scope="session")


def last_line(bot: BotProcess) -> str:
    return bot.log.read_text().strip().splitlines()[-1]


async def test_discord_away_at_the_start_is_waited_for() -> None:
    discord = Discord()
    discord.faults.http("GET", "/users/@me", drop="before", times=2)
    async with local_bot(discord) as bot:
        assert bot.pid is not None
        log = bot.log.read_text()
        assert log.count("Discord can't be reached") in (1, 2)  # discord.py tries again itself
        assert "Traceback" not in log
        assert "Unclosed" not in log


async def test_commands_that_another_program_replaced_come_back() -> None:
    discord = Discord()
    async with local_bot(discord) as bot:
        ana = discord.person("ana")
        world = discord.world
        described = {name: command for (_, name, _), command in world.commands.items()}
        await bot.stop()
        writes = discord.faults.http("PUT", "/applications/*/commands", times=100)  # only counts them
        await bot.start()
        assert writes.hits == 0
        await bot.stop()
        key = next(key for key in world.commands if key[1] == "imagine")
        world.commands[key] = {**world.commands[key], "description": "another program's", "options": []}
        await bot.start()
        assert {
            name: command["options"] for (_, name, _), command in world.commands.items() if "options" in command
        } == {name: command["options"] for name, command in described.items() if "options" in command}
        assert (await ana.slash("embedding list")).message is not None


async def test_a_file_tells_from_outside_that_the_bot_is_alive() -> None:
    async with local_bot() as bot:
        sign = bot.folder / "alive"
        async with asyncio.timeout(15):
            while not sign.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.1)
        assert time.time() - sign.stat().st_mtime < 15


@pytest.mark.parametrize(
    ("code", "exit_code", "sentence"),
    [
        (4004, WRONG_TOKEN, "Discord no longer accepts DISCORD_TOKEN: copy the token from the developer portal"),
        (
            4011,
            WRONG_GATEWAY_USE,
            "The bot is in so many servers that Discord demands sharding, which it can't do yet.",
        ),
    ],
)
async def test_a_refusal_of_the_gateway_ends_the_bot_with_a_sentence(code: int, exit_code: int, sentence: str) -> None:
    discord = Discord()
    async with local_bot(discord) as bot:
        await discord.gateway.drop(code)
        assert await asyncio.wait_for(bot.wait(), 20) == exit_code
        assert last_line(bot).startswith(sentence)
        assert "Traceback" not in bot.log.read_text()


async def test_a_day_without_sessions_left_is_waited_out() -> None:
    discord = Discord()
    discord.world.sessions_left, discord.world.sessions_reset_after = 0, 1.0
    discord.faults.http("GET", "/gateway/bot", on_applied=lambda: setattr(discord.world, "sessions_left", 1000))
    async with local_bot(discord) as bot:
        assert "Discord allows no more sessions for 1 s; waiting until then" in bot.log.read_text()
