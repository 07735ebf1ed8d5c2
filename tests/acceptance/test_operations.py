"""What an operator sees of a bot that people use."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.local.launch import local_bot
from bot.local.process import BotProcess
from tests.acceptance.conftest import drawn
from tests.bot.operations.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Watched:
    """A bot of its own with an operator's port."""

    def __init__(self, bot: BotProcess, port: int) -> None:
        self.bot = bot
        self._port = port

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self._port}{path}") as response,
        ):
            return response.status, await response.text()

    async def until(self, path: str, *parts: str, status: int = 200) -> str:
        """Wait until a page has this status and says all of this."""
        found: Any = None
        try:
            async with asyncio.timeout(30):
                while True:
                    found = await self.get(path)
                    if found[0] == status and all(part in found[1] for part in parts):
                        return found[1]
                    await asyncio.sleep(0.1)
        except TimeoutError:
            missing = [part for part in parts if part not in found[1]]
            pytest.fail(f"{path} has {found[0]} and lacks {missing}:\n{found[1]}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched() -> AsyncIterator[Watched]:
    port = free_port()
    async with local_bot(settings={"METRICS_PORT": str(port)}) as bot:
        yield Watched(bot, port)


async def test_a_picture_leaves_its_traces(watched: Watched) -> None:
    ana = watched.bot.discord.person("ana")
    await ana.completes("/imagine model:demo embedding1:demo")
    await drawn(await ana.slash("imagine", prompt="a red fish", steps=5, count=2))
    text = await watched.until("/metrics", 'negative_space_jobs_total{reason="",state="delivered"} 1.0')
    for line in (
        'negative_space_jobs_total{reason="",state="queued"} 1.0',
        'negative_space_jobs_total{reason="",state="running"} 1.0',
        'negative_space_jobs_total{reason="",state="rendered"} 1.0',
        "negative_space_wait_seconds_count 1.0",
        'negative_space_render_seconds_count{model="demo",steps="1-10"} 1.0',
        "negative_space_batch_pictures_sum 2.0",
        "negative_space_batch_pictures_limit 8.0",
        "negative_space_engine_starts_total 1.0",
        "negative_space_engine_deaths_total 0.0",
        'negative_space_acknowledgement_seconds_count{kind="command"} 1.0',
        'negative_space_acknowledgement_seconds_count{kind="autocomplete"} 1.0',
        'negative_space_line_jobs{state="waiting"} 0.0',
        'negative_space_embeddings{owner="everyone"} 4.0',
        "negative_space_models 1.0",
        "negative_space_incidents_total 0.0",
        'negative_space_part_up{part="discord"} 1.0',
        'negative_space_part_up{part="database"} 1.0',
        'negative_space_part_up{part="engine"} 1.0',
    ):
        assert line in text.splitlines()
    assert 'route="/interactions/{id}/{token}/callback",status="204"' in text or 'callback",status="200"' in text
    assert 'negative_space_device_memory_bytes{device="cpu"}' in text
    assert 'negative_space_database_connections{state="idle"}' in text


async def test_rate_limits_are_counted_by_route(watched: Watched) -> None:
    discord = watched.bot.discord
    discord.faults.rate_limit("POST", "/interactions/*/callback", retry_after=0.2)
    ben = discord.person("ben")
    await drawn(await ben.slash("imagine", prompt="a blue fish", steps=2))
    await watched.until("/metrics", 'status="429"')


async def test_a_bot_without_its_database_is_alive_but_not_ready(watched: Watched) -> None:
    await watched.until("/readyz", '{"missing": []}')
    async with watched.bot.database_down():
        await watched.until("/readyz", '{"missing": ["database"]}', status=503)
        assert await watched.get("/healthz") == (200, '{"alive": true}')
        await watched.until("/metrics", 'negative_space_part_up{part="database"} 0.0', 'outcome="unavailable"')
    await watched.until("/readyz", '{"missing": []}')


async def test_a_crashed_engine_is_missing_until_it_is_needed_again(watched: Watched) -> None:
    engine = watched.bot.engine_pid
    assert engine is not None
    os.kill(engine, signal.SIGKILL)
    await watched.until("/readyz", '{"missing": ["engine"]}', status=503)
    await drawn(await watched.bot.discord.person("cem").slash("imagine", prompt="a green fish", steps=2))
    await watched.until("/readyz", '{"missing": []}')
    await watched.until("/metrics", "negative_space_engine_starts_total 2.0")
