"""Faults when the bot acknowledges an interaction."""

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


#: the acknowledgement arrives, if late or without the bot knowing
ARRIVES: dict[str, Break] = {
    "429": lambda faults: faults.rate_limit("POST", CALLBACK, retry_after=0.5),
    "502": lambda faults: faults.server_error("POST", CALLBACK),
    "slow": lambda faults: faults.delay("POST", CALLBACK, 1.5),
    "connection lost after": lambda faults: faults.drop_connection("POST", CALLBACK, when="after"),
}


@pytest.mark.parametrize("fault", ARRIVES)
async def test_an_acknowledgement_that_arrives_becomes_the_picture(place: Place, fault: str) -> None:
    ARRIVES[fault](place.discord.faults)
    reply = await ask(place)
    assert reply.failed is None
    message = await drawn(reply)
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    assert [picture.id for picture in place.pictures()] == [message.id]


@pytest.mark.parametrize("fault", ["slow", "connection lost after"])
async def test_a_form_that_arrives_can_be_sent(place: Place, fault: str) -> None:
    ana = place.person("ana")
    ARRIVES[fault](place.discord.faults)
    form = (await ana.slash("compose")).modal
    assert form is not None
    await drawn(await ana.submit(form, {"Prompt": "a tree"}))


async def test_a_lost_acknowledgement_is_followed_by_a_message_in_the_channel(place: Place) -> None:
    """The bot can't know that it was lost, and the member still wants the picture."""
    place.discord.faults.drop_connection("POST", CALLBACK, when="before")
    reply = await ask(place)
    assert reply.failed == NO_RESPONSE
    message = await place.discord.wait_for(
        lambda message: bool(message.attachments) and message.channel_id == place.channel.id
    )
    assert f"<@{place.person('ana').id}>" in message.text
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    place.expected.append("not acknowledged")


#: Discord has already told the member that the bot didn't respond, so the request is dropped
TOO_LATE: dict[str, Break] = {
    "10062": lambda faults: faults.http("POST", CALLBACK, status=404, code=10062),
    "slower than three seconds": lambda faults: faults.delay("POST", CALLBACK, 3.5),
}


@pytest.mark.parametrize("fault", TOO_LATE)
async def test_a_late_acknowledgement_cancels_the_request(place: Place, fault: str) -> None:
    TOO_LATE[fault](place.discord.faults)
    reply = await ask(place)
    assert reply.failed == NO_RESPONSE
    row = await place.row()
    assert (row.state, row.attempts) == (JobState.CANCELLED, 0)
    assert place.pictures() == []
    place.expected.append("not acknowledged")
    assert (await drawn(await ask(place))).attachments


async def test_an_event_sent_twice_is_one_request(place: Place) -> None:
    reply = await ask(place)
    place.discord.gateway.duplicate_last()
    message = await drawn(reply)
    await place.row()
    assert [picture.id for picture in place.pictures()] == [message.id]
    assert await place.uses() == 1


async def test_a_double_click_is_one_reroll(place: Place) -> None:
    ana = place.person("ana")
    message = await drawn(await ask(place))
    first, second = await ana.click(message, "Reroll"), await ana.click(message, "Reroll")
    assert first.failed is second.failed is None
    again = await drawn(first)
    await place.row()
    assert {picture.id for picture in place.pictures()} == {message.id, again.id}
    assert second.followups == []


async def test_a_private_answer_arrives_although_its_acknowledgement_seemed_lost(place: Place) -> None:
    """Discord shows "thinking…", the bot doesn't know that, and has an answer."""
    ana = place.person("ana")
    hello = await ana.say("hello", [("note.txt", b"no picture")])
    message = await drawn(await ask(place))
    place.discord.faults.drop_connection("POST", CALLBACK, when="after")
    identified = await ana.context_menu("Identify picture", message)
    await identified.until(lambda message: not message.thinking and bool(message.text), 20)
    place.discord.faults.drop_connection("POST", CALLBACK, when="after")
    refused = await ana.context_menu("Identify picture", hello)
    told = await refused.until(lambda message: not message.thinking and bool(message.text), 20)
    assert "picture" in told.text
    assert refused.followups == []
