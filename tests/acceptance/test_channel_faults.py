"""Faults when a picture is sent to a channel: a reroll by reaction has no reply that could be edited instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground import Message, Person
from playground.rest.faults import Faults
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn, has_picture, reroll_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = "/channels/*/messages"
Break = Callable[[Faults], Any]


async def picture(place: Place) -> Message:
    """A delivered picture to react to."""
    message = await drawn(await place.person("ana").slash("imagine", prompt="a red fish", steps=4))
    await place.row()
    return message


async def direct_picture(place: Place, person: Person) -> Message:
    """The picture in this person's direct messages."""

    def found() -> Message | None:
        return next((message for message in person.direct_messages() if has_picture(message)), None)

    return await place.discord.until(found, 60, lambda: "no direct message with a picture came")


#: slow, because each attempt waits longer than the last
LONG = pytest.param("lost three times", marks=pytest.mark.slow)
PASSES: dict[str, Break] = {
    "429": lambda faults: faults.rate_limit("POST", SEND, retry_after=0.5),
    "429 for everything": lambda faults: faults.rate_limit("POST", SEND, retry_after=0.5, scope="global"),
    "502": lambda faults: faults.server_error("POST", SEND),
    "slow": lambda faults: faults.delay("POST", SEND, 2.0),
    "connection lost before": lambda faults: faults.drop_connection("POST", SEND, when="before"),
    "connection lost after": lambda faults: faults.drop_connection("POST", SEND, when="after"),
    "lost three times": lambda faults: faults.drop_connection("POST", SEND, when="after", times=3),
}


@pytest.mark.parametrize("fault", [fault if fault != "lost three times" else LONG for fault in PASSES])
async def test_a_temporary_fault_only_delays_the_picture(place: Place, fault: str) -> None:
    first = await picture(place)
    PASSES[fault](place.discord.faults)
    await place.person("ben").react(first, "🔁")
    second = await reroll_of(place.discord, first)
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.DELIVERED, second.id)
    assert [picture.id for picture in place.pictures()] == [first.id, second.id]


async def test_a_sent_picture_is_found_after_discord_forgot_its_nonce(place: Place) -> None:
    first = await picture(place)
    place.discord.faults.drop_connection("POST", SEND, when="after")
    await place.person("ben").react(first, "🔁")
    await reroll_of(place.discord, first)
    place.discord.world.nonces.clear()
    row = await place.row(2)
    assert row.state is JobState.DELIVERED
    assert len(place.pictures()) == 2


async def test_a_sent_picture_is_found_though_the_clocks_disagree(place: Place) -> None:
    place.discord.world.clock.advance(minutes=-7)  # ids of messages now seem older than the job's row
    try:
        first = await picture(place)
        place.discord.faults.drop_connection("POST", SEND, when="after")
        await place.person("ben").react(first, "🔁")
        await reroll_of(place.discord, first)
        place.discord.world.nonces.clear()
        row = await place.row(2)
        assert row.state is JobState.DELIVERED
        assert len(place.pictures()) == 2
    finally:
        place.discord.world.clock.advance(minutes=7)


#: the bot can no longer send messages there
CLOSED = {
    "10003": (404, 10003),
    "50001": (403, 50001),
    "50083, an archived thread": (400, 50083),
    "160005, a locked thread": (403, 160005),
}


@pytest.mark.parametrize("fault", CLOSED)
async def test_the_picture_of_a_closed_channel_is_sent_to_the_member(place: Place, fault: str) -> None:
    ben = place.person(f"ben {fault}")
    first = await picture(place)
    status, code = CLOSED[fault]
    here = f"/channels/{place.channel.id}/messages"
    place.discord.faults.http("POST", here, times=5, status=status, code=code)  # for the card too, if there is one
    await ben.react(first, "🔁")
    message = await direct_picture(place, ben)
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    assert len(place.pictures()) == 1


async def test_a_channel_without_permission_is_a_closed_channel(place: Place) -> None:
    ben = place.person("cleo")
    first = await picture(place)
    place.channel.deny_bot("send_messages")
    await ben.react(first, "🔁")
    message = await direct_picture(place, ben)
    assert (await place.row(2)).message_id == message.id
    await ben.react(message, "🔁")  # it can be rerolled there too
    assert await reroll_of(place.discord, message)


async def test_a_member_who_refuses_direct_messages_cant_be_reached(place: Place) -> None:
    ben = place.person("dora")
    first = await picture(place)
    place.channel.deny_bot("send_messages")
    direct = place.discord.world.direct_channel(ben.user)
    place.discord.faults.http("POST", f"/channels/{direct.id}/messages", status=403, code=50007)
    await ben.react(first, "🔁")
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.UNDELIVERABLE, None)
    assert len(place.pictures()) == 1


async def test_a_picture_is_delivered_without_permission_to_react(place: Place) -> None:
    place.channel.deny_bot("add_reactions")
    message = await picture(place)
    assert (await place.row()).state is JobState.DELIVERED
    await place.person("ben").react(message, "🔁")
    await reroll_of(place.discord, message)


async def test_a_reaction_that_is_sent_twice_or_added_again_at_once_rerolls_once(place: Place) -> None:
    ben = place.person("ben")
    first = await picture(place)
    await ben.react(first, "🔁")
    place.discord.gateway.duplicate_last()
    await reroll_of(place.discord, first)
    await place.row(2)
    assert len(place.pictures()) == 2
    await ben.unreact(first, "🔁")
    await ben.react(first, "🔁")
    await drawn(await ben.slash("imagine", prompt="a star", steps=1))
    assert len(place.pictures()) == 3


async def test_a_reaction_outlives_the_deletion_of_its_picture(place: Place) -> None:
    """Reactions and deletions arrive in any order."""
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    await ben.react(first, "🔁")
    await ana.click(first, "Delete")
    await place.discord.until(
        lambda: first.id not in [message.id for message in ana.sees()] or None, 10, lambda: "the picture is still there"
    )
    message = await place.discord.wait_for(has_picture)
    assert message.id != first.id
    assert (await place.row(2)).state is JobState.DELIVERED


async def test_a_reaction_counts_even_if_discord_doesnt_name_the_author(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    hello = await ana.say("hello")
    place.discord.world.names_authors = False
    try:
        await ben.react(hello, "🔁")
        await ben.react(first, "🔁")
        second = await reroll_of(place.discord, first)
    finally:
        place.discord.world.names_authors = True
    assert (await place.row(2)).message_id == second.id
    assert ben.direct_messages() == []


async def test_a_click_on_a_deleted_picture_rerolls_nothing(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    await place.storage.jobs.mark_deleted((await place.row()).id)
    assert "That picture was deleted" in (await ben.click(first, "Reroll")).text
    assert ana.sees()[-1].id == first.id
