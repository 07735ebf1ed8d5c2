"""Faults of the gateway connection while people send requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from playground.gateway.gateway import Gateway
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn, reroll_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _done(_: None) -> None:
    """For faults that are synchronous."""


BREAKS: dict[str, Callable[[Gateway], Awaitable[None]]] = {
    "closed, to be resumed": lambda gateway: gateway.drop(4000),
    "closed for no reason": lambda gateway: gateway.drop(1011),
    "session timed out": lambda gateway: gateway.drop(4009),
    "asked to reconnect": lambda gateway: _done(gateway.reconnect()),
    "session invalid, resumable": lambda gateway: _done(gateway.invalidate(resumable=True)),
    "session invalid": lambda gateway: _done(gateway.invalidate()),
}


@pytest.mark.parametrize("fault", BREAKS)
async def test_requests_before_and_after_the_fault_get_pictures(place: Place, fault: str) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    before = await ana.slash("imagine", prompt="a red fish", steps=30)
    await BREAKS[fault](place.discord.gateway)
    first = await drawn(before)
    await place.discord.until_connected(60)
    await asyncio.sleep(0.5)  # discord.py identifies or resumes before it handles events
    await ben.react(first, "🔁")
    second = await reroll_of(place.discord, first)
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, second.id)
    assert [picture.id for picture in place.pictures()] == [first.id, second.id]
    assert await place.uses() == 2


async def test_events_repeated_after_a_resume_count_once(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await drawn(await ana.slash("imagine", prompt="a red fish", steps=4))
    await ben.react(first, "🔁")
    place.discord.gateway.repeats = 3
    try:
        await place.discord.gateway.drop(4000)
        await place.discord.until_connected(60)
    finally:
        place.discord.gateway.repeats = 0
    await reroll_of(place.discord, first)
    await place.row()
    assert len(place.pictures()) == 2
    assert await place.uses() == 2
