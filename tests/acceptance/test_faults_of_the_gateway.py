"""The connection that events come by is lost in every way there is, while people ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from playground.gateway.gateway import Gateway
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn, has_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _done(_: None) -> None:
    """For faults that are over at once."""


BREAKS: dict[str, Callable[[Gateway], Awaitable[None]]] = {
    "closed, to be resumed": lambda gateway: gateway.drop(4000),
    "closed for no reason": lambda gateway: gateway.drop(1011),
    "session timed out": lambda gateway: gateway.drop(4009),
    "asked to reconnect": lambda gateway: _done(gateway.reconnect()),
    "session invalid, resumable": lambda gateway: _done(gateway.invalidate(resumable=True)),
    "session invalid": lambda gateway: _done(gateway.invalidate()),
}


@pytest.mark.parametrize("fault", BREAKS)
async def test_who_asked_before_gets_a_picture_and_who_asks_after_too(place: Place, fault: str) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    before = await ana.slash("imagine", prompt="a red fish", steps=30)
    await BREAKS[fault](place.discord.gateway)
    first = await drawn(before)
    await place.discord.until_connected(60)
    await asyncio.sleep(0.5)  # discord.py identifies, and resumes, before it listens
    await ben.react(first, "🔁")
    second = await place.discord.wait_for(lambda one: one.reply_to == first.id and has_picture(one), 60)
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, second.id)
    assert [one.id for one in place.pictures()] == [first.id, second.id]
    assert await place.jobs_asked() == 2


async def test_events_that_come_again_after_a_resume_are_heard_once(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await drawn(await ana.slash("imagine", prompt="a red fish", steps=4))
    await ben.react(first, "🔁")
    place.discord.gateway.repeats = 3
    try:
        await place.discord.gateway.drop(4000)
        await place.discord.until_connected(60)
    finally:
        place.discord.gateway.repeats = 0
    await place.discord.wait_for(lambda one: one.reply_to == first.id and has_picture(one), 60)
    await place.row()
    assert len(place.pictures()) == 2
    assert await place.jobs_asked() == 2
