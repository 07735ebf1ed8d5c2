"""A reroll by reaction has no reply to edit, so it stands or falls with the channel: closed, gone, or just deaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground import Message, Person
from playground.rest.faults import Faults
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn, has_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = "/channels/*/messages"
Break = Callable[[Faults], Any]


async def picture(place: Place) -> Message:
    """What is reacted to."""
    message = await drawn(await place.person("ana").slash("imagine", prompt="a red fish", steps=4))
    await place.row()
    return message


async def rerolled(place: Place, first: Message) -> Message:
    return await place.discord.wait_for(lambda one: one.reply_to == first.id and has_picture(one), 60)


async def whispered(place: Place, person: Person) -> Message:
    """The picture that this person got directly, and nobody else."""

    def found() -> Message | None:
        return next((one for one in person.direct_messages() if has_picture(one)), None)

    return await place.discord.until(found, 60, lambda: "nothing came directly")


#: each try waits longer than the one before
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


@pytest.mark.parametrize("fault", [one if one != "lost three times" else LONG for one in PASSES])
async def test_what_passes_is_waited_for_and_the_picture_comes_once(place: Place, fault: str) -> None:
    first = await picture(place)
    PASSES[fault](place.discord.faults)
    await place.person("ben").react(first, "🔁")
    second = await rerolled(place, first)
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.DELIVERED, second.id)
    assert [one.id for one in place.pictures()] == [first.id, second.id]


async def test_a_picture_that_was_sent_is_found_when_discord_has_forgotten_the_nonce(place: Place) -> None:
    first = await picture(place)
    place.discord.faults.drop_connection("POST", SEND, when="after")
    await place.person("ben").react(first, "🔁")
    await rerolled(place, first)
    place.discord.world.nonces.clear()
    row = await place.row(2)
    assert row.state is JobState.DELIVERED
    assert len(place.pictures()) == 2


#: nobody can write there any more
CLOSED: dict[str, Break] = {
    "10003": lambda faults: faults.http("POST", SEND, status=404, code=10003),
    "50001": lambda faults: faults.http("POST", SEND, status=403, code=50001),
    "50083, an archived thread": lambda faults: faults.http("POST", SEND, status=400, code=50083),
    "160005, a locked one": lambda faults: faults.http("POST", SEND, status=403, code=160005),
}


@pytest.mark.parametrize("fault", CLOSED)
async def test_where_the_channel_is_closed_the_member_gets_the_picture_directly(place: Place, fault: str) -> None:
    ben = place.person(f"ben {fault}")
    first = await picture(place)
    CLOSED[fault](place.discord.faults)
    await ben.react(first, "🔁")
    message = await whispered(place, ben)
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    assert len(place.pictures()) == 1


async def test_a_permission_that_was_taken_away_is_a_closed_channel(place: Place) -> None:
    ben = place.person("cleo")
    first = await picture(place)
    place.channel.deny_bot("send_messages")
    await ben.react(first, "🔁")
    message = await whispered(place, ben)
    assert (await place.row(2)).message_id == message.id
    await ben.react(message, "🔁")  # and it can be rerolled there
    assert await place.discord.wait_for(lambda one: one.reply_to == message.id and has_picture(one))


async def test_a_member_who_takes_no_messages_either_cannot_be_reached(place: Place) -> None:
    ben = place.person("dora")
    first = await picture(place)
    place.channel.deny_bot("send_messages")
    direct = place.discord.world.direct_channel(ben.user)
    place.discord.faults.http("POST", f"/channels/{direct.id}/messages", status=403, code=50007)
    await ben.react(first, "🔁")
    row = await place.row(2)
    assert (row.state, row.message_id) == (JobState.UNDELIVERABLE, None)
    assert len(place.pictures()) == 1


async def test_a_reaction_that_may_not_be_offered_is_not_missed(place: Place) -> None:
    place.channel.deny_bot("add_reactions")
    message = await picture(place)
    assert (await place.row()).state is JobState.DELIVERED
    await place.person("ben").react(message, "🔁")
    await rerolled(place, message)


async def test_the_same_reaction_told_twice_rerolls_once_and_put_anew_once_more(place: Place) -> None:
    ben = place.person("ben")
    first = await picture(place)
    await ben.react(first, "🔁")
    place.discord.gateway.duplicate_last()
    await rerolled(place, first)
    await place.row(2)
    assert len(place.pictures()) == 2
    await ben.unreact(first, "🔁")
    await ben.react(first, "🔁")
    await place.discord.until(lambda: len(place.pictures()) == 3 or None, 60, lambda: "no third picture came")


async def test_a_reaction_on_a_picture_that_was_taken_down_gets_no_picture(place: Place) -> None:
    """Discord tells of reactions and deletions in any order."""
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    await ben.react(first, "🔁")
    await ana.click(first, "Delete")
    await place.discord.until(lambda: first.id not in [one.id for one in ana.sees()] or None, 10, lambda: "it stays")
    message = await place.discord.wait_for(has_picture)
    assert message.id != first.id
    assert (await place.row(2)).state is JobState.DELIVERED


async def test_a_reaction_counts_also_where_discord_does_not_name_the_author(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    hello = await ana.say("hello")
    place.discord.world.names_authors = False
    try:
        await ben.react(hello, "🔁")
        await ben.react(first, "🔁")
        second = await rerolled(place, first)
    finally:
        place.discord.world.names_authors = True
    assert (await place.row(2)).message_id == second.id
    assert ben.direct_messages() == []


async def test_a_taken_down_picture_is_not_rerolled_by_a_click_that_was_on_its_way(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture(place)
    await place.storage.jobs.mark_deleted((await place.row()).id)
    assert "That picture was taken down" in (await ben.click(first, "Reroll")).text
    assert ana.sees()[-1].id == first.id
