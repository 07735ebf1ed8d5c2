"""The bot says that it has heard, and Discord does not hear it as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground import Reply
from playground.rest.faults import Faults
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLBACK = "/interactions/*/callback"
NO_RESPONSE = "The application did not respond"
Break = Callable[[Faults], Any]


async def ask(place: Place) -> Reply:
    return await place.person("ana").slash("imagine", prompt="a red fish", steps=4)


#: the acknowledgement arrives, late or without the bot being told so
ARRIVES: dict[str, Break] = {
    "429": lambda faults: faults.rate_limit("POST", CALLBACK, retry_after=0.5),
    "502": lambda faults: faults.server_error("POST", CALLBACK),
    "slow": lambda faults: faults.delay("POST", CALLBACK, 1.5),
    "connection lost after": lambda faults: faults.drop_connection("POST", CALLBACK, when="after"),
}


@pytest.mark.parametrize("fault", ARRIVES)
async def test_an_acknowledgement_that_arrives_somehow_becomes_the_picture(place: Place, fault: str) -> None:
    ARRIVES[fault](place.discord.faults)
    reply = await ask(place)
    assert reply.failed is None
    message = await drawn(reply)
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    assert [one.id for one in place.pictures()] == [message.id]


async def test_one_that_is_lost_is_made_up_for_in_the_channel(place: Place) -> None:
    """Nobody knew that it was lost, and the picture was wanted all the same."""
    place.discord.faults.drop_connection("POST", CALLBACK, when="before")
    reply = await ask(place)
    assert reply.failed == NO_RESPONSE
    message = await place.discord.wait_for(lambda one: bool(one.attachments) and one.channel_id == place.channel.id)
    assert f"<@{place.person('ana').id}>" in message.text
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    place.expected.append("not acknowledged")


#: Discord has told the member that nothing came of it, and so nothing comes
TOO_LATE: dict[str, Break] = {
    "10062": lambda faults: faults.http("POST", CALLBACK, status=404, code=10062),
    "slower than three seconds": lambda faults: faults.delay("POST", CALLBACK, 3.5),
}


@pytest.mark.parametrize("fault", TOO_LATE)
async def test_one_that_is_too_late_is_no_promise(place: Place, fault: str) -> None:
    TOO_LATE[fault](place.discord.faults)
    reply = await ask(place)
    assert reply.failed == NO_RESPONSE
    row = await place.row()
    assert (row.state, row.attempts) == (JobState.CANCELLED, 0)
    assert place.pictures() == []
    place.expected.append("not acknowledged")
    assert (await drawn(await ask(place))).attachments


async def test_an_event_that_comes_twice_is_one_request(place: Place) -> None:
    reply = await ask(place)
    place.discord.gateway.duplicate_last()
    message = await drawn(reply)
    await place.row()
    assert [one.id for one in place.pictures()] == [message.id]
    assert await place.jobs_asked() == 1


async def test_two_clicks_in_a_moment_are_one_reroll(place: Place) -> None:
    ana = place.person("ana")
    message = await drawn(await ask(place))
    first, second = await ana.click(message, "Reroll"), await ana.click(message, "Reroll")
    assert first.failed is second.failed is None
    again = await drawn(first)
    await place.row()
    assert {one.id for one in place.pictures()} == {message.id, again.id}
    assert second.followups == []


async def test_a_private_answer_whose_beginning_got_lost_is_still_given(place: Place) -> None:
    """It thinks, does not know that it does, and has something to say."""
    ana = place.person("ana")
    hello = await ana.say("hello", [("note.txt", b"no picture")])
    message = await drawn(await ask(place))
    place.discord.faults.drop_connection("POST", CALLBACK, when="after")
    identified = await ana.context_menu("Identify picture", message)
    await identified.until(lambda one: not one.thinking and bool(one.text), 20)
    place.discord.faults.drop_connection("POST", CALLBACK, when="after")
    refused = await ana.context_menu("Identify picture", hello)
    told = await refused.until(lambda one: not one.thinking and bool(one.text), 20)
    assert "picture" in told.text
    assert refused.followups == []
