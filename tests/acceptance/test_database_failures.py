"""The bot's database fails while members wait."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from services.queue.upkeep import TEND_INTERVAL
from tests.acceptance.conftest import drawn, reroll_of
from tests.acceptance.deployment import GRACE, LONG, Deployment, deployment, parts
from tests.sentences.storage import DATABASE_UNAVAILABLE

__all__ = ["deployment", "parts"]  # fixtures
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_killed_database_loses_no_picture(deployment: Deployment) -> None:
    people = [deployment.person(name) for name in ("ana", "ben", "cleo")]
    replies = [await person.slash("imagine", prompt="a fish", steps=20 + n) for n, person in enumerate(people)]
    assert deployment.bot.kill("PostgreSQL")
    pictures = [await drawn(reply) for reply in replies]
    assert sorted(picture.id for picture in deployment.pictures()) == sorted(picture.id for picture in pictures)


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.slow)])
async def test_requests_are_refused_while_the_database_is_down_and_accepted_ones_resume(
    deployment: Deployment, seconds: float
) -> None:
    ana, ben, cleo = (deployment.person(name) for name in ("ana", "ben", "cleo"))
    picture = await drawn(await cleo.slash("imagine", prompt="a fish", steps=4))
    crowd = [ana, *(deployment.person(name) for name in ("dan", "eva", "finn"))]
    accepted = [await person.slash("imagine", prompt="a house", steps=20 + n) for n in range(3) for person in crowd]
    async with deployment.bot.database_down():
        started = time.monotonic()
        refused = [
            await ben.slash("imagine", prompt="a fish"),
            await ben.click(picture, "Reroll"),
            await ben.slash("presets"),
        ]
        assert [(reply.failed, reply.text.rpartition("\n")[2]) for reply in refused] == [
            (None, DATABASE_UNAVAILABLE)
        ] * 3
        await cleo.react(picture, "🔁")  # a reaction needs no acknowledgement, so it waits
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))
    pictures = [await drawn(reply) for reply in accepted]
    again = await reroll_of(deployment.discord, picture)
    assert sorted(picture.id for picture in deployment.pictures()) == sorted(
        [picture.id, *(picture.id for picture in pictures), again.id]
    )
    assert set(await deployment.settled()) <= {"delivered", "cancelled"}


@pytest.mark.parametrize("seconds", [1, pytest.param(TEND_INTERVAL, marks=pytest.mark.slow)])
async def test_a_read_only_database_is_an_outage_and_ends_nothing(deployment: Deployment, seconds: float) -> None:
    """As on a standby, or where a host stops a server from filling its disk."""
    name = "default_transaction_read_only"
    accepted = await deployment.person("ana").slash("imagine", prompt="a house", steps=20)
    process, ben = deployment.bot.pid, deployment.person("ben")
    administrator = await asyncpg.connect(deployment.bot.database_url, server_settings={name: "off"})
    for statement in (f"ALTER SYSTEM SET {name} = on", "SELECT pg_reload_conf(), pg_sleep(0.5)"):
        await administrator.execute(statement)
    assert (await ben.slash("imagine", prompt="a fish")).text == DATABASE_UNAVAILABLE
    await asyncio.sleep(seconds)  # in the longer case, every background task that writes has met it
    for statement in (f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()"):
        await administrator.execute(statement)
    await administrator.close()
    await drawn(accepted)
    await drawn(await ben.slash("imagine", prompt="a fish", steps=4))
    assert deployment.bot.pid == process


@pytest.mark.slow
async def test_shutting_down_without_a_database_ends_in_time_and_loses_nothing(deployment: Deployment) -> None:
    ana = deployment.person("ana")
    running = await ana.slash("imagine", **LONG)
    await deployment.until_rendering(running)
    async with deployment.bot.database_down():
        started = time.monotonic()
        await deployment.bot.stop()
        assert time.monotonic() - started < GRACE
    await deployment.bot.start()
    await drawn(running)
    assert await deployment.settled() == ["delivered"]


async def test_a_hanging_database_is_reported_in_time(deployment: Deployment) -> None:
    ana, ben = deployment.person("ana"), deployment.person("ben")
    accepted = await ana.slash("imagine", prompt="a house", steps=20)
    async with deployment.bot.database_down(hanging=True):
        refused = await ben.slash("imagine", prompt="a fish")
        assert (refused.failed, refused.text) == (None, DATABASE_UNAVAILABLE)
        await asyncio.sleep(2)
    await drawn(accepted)
    await drawn(await ben.slash("imagine", prompt="a fish", steps=4))
