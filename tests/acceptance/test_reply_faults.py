"""Faults when the picture is put into the reply: what the member sees, and what the row says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from cogs.answers.rejections import REJECTED
from playground import Message, Reply
from playground.rest.faults import Fault, Faults
from services.jobs import JobState
from tests.acceptance.conftest import Place, drawn
from tests.sentences.uploads import COMPRESSED

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPLY = "/webhooks/*/messages/*"
IN_CHANNEL = "/channels/*/messages/*"
Break = Callable[[Faults], Any]


async def ask(place: Place, **options: Any) -> Reply:
    """A request so small that it is done before a card is shown, so that the fault hits the edit with the picture."""
    return await place.person("ana").slash("imagine", prompt="a red fish", steps=4, **options)


@contextmanager
def failing_uploads(faults: Faults, **how: Any) -> Iterator[Fault]:
    """Make uploads to the reply fail, but not the edits that show a card, which a busy machine may need first."""
    fault = Fault("PATCH", REPLY, **how)

    def choose(request: web.Request, path: str) -> Fault | None:
        if request.content_type != "multipart/form-data" or not fault.matches(request.method, path):
            return None
        fault.hits += 1
        return fault

    faults.by_chance = choose
    try:
        yield fault
    finally:
        faults.by_chance = None


async def delivered_once(place: Place) -> Message:
    """Check that there is one picture, and that its row says it is delivered."""
    row = await place.row()
    (message,) = place.pictures()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)
    return message


#: slow, because each attempt waits longer than the last
LONG = pytest.param("lost three times", marks=pytest.mark.slow)
#: temporary faults, after which the reply becomes the picture
PASSES: dict[str, Break] = {
    "429 for this bot": lambda faults: faults.rate_limit("PATCH", REPLY, retry_after=0.5),
    "429 for everyone there": lambda faults: faults.rate_limit("PATCH", REPLY, retry_after=0.5, scope="shared"),
    "429 for everything": lambda faults: faults.rate_limit("PATCH", REPLY, retry_after=0.5, scope="global"),
    "500": lambda faults: faults.server_error("PATCH", REPLY, status=500),
    "502": lambda faults: faults.server_error("PATCH", REPLY),
    "slow": lambda faults: faults.delay("PATCH", REPLY, 2.0),
    "connection lost before": lambda faults: faults.drop_connection("PATCH", REPLY, when="before"),
    "connection lost after": lambda faults: faults.drop_connection("PATCH", REPLY, when="after"),
    "lost three times": lambda faults: faults.drop_connection("PATCH", REPLY, when="after", times=3),
    "10015 just after the defer": lambda faults: faults.unknown_webhook("PATCH", times=2),
}


@pytest.mark.parametrize("fault", [fault if fault != "lost three times" else LONG for fault in PASSES])
async def test_a_temporary_fault_only_delays_the_picture(place: Place, fault: str) -> None:
    PASSES[fault](place.discord.faults)
    reply = await ask(place)
    message = await drawn(reply)
    assert reply.message is not None
    assert message.id == reply.message.id == (await delivered_once(place)).id
    assert reply.followups == []


#: the token is useless, but the reply can still be edited like any other message of the bot
TOKEN_OVER: dict[str, Break] = {
    "10015 for good": lambda faults: faults.unknown_webhook("PATCH", times=99),
    "50027": lambda faults: faults.http("PATCH", REPLY, status=401, code=50027, times=99),
    "10062": lambda faults: faults.http("PATCH", REPLY, status=404, code=10062, times=99),
    "50001": lambda faults: faults.http("PATCH", REPLY, status=403, code=50001, times=99),
    "50013": lambda faults: faults.missing_permissions("PATCH", REPLY, times=99),
}


@pytest.mark.parametrize("fault", TOKEN_OVER)
async def test_a_useless_token_isnt_needed(place: Place, fault: str) -> None:
    TOKEN_OVER[fault](place.discord.faults)
    reply = await ask(place)
    message = await drawn(reply)
    assert reply.message is not None
    assert message.id == reply.message.id == (await delivered_once(place)).id


async def test_an_expired_token_isnt_needed(place: Place) -> None:
    reply = await ask(place, count=4, seed=1)
    place.discord.clock.advance(minutes=16)
    message = await drawn(reply)
    assert reply.message is not None
    assert message.id == reply.message.id == (await delivered_once(place)).id


async def test_a_deleted_reply_is_replaced_by_a_message_that_mentions_the_member(place: Place) -> None:
    place.discord.faults.delay("PATCH", REPLY, 0.5)
    reply = await ask(place)
    assert reply.message is not None
    await place.person("mod", "manage_messages").delete(reply.message)
    message = await place.discord.wait_for(
        lambda message: bool(message.attachments) and message.channel_id == place.channel.id
    )
    assert message.id == (await delivered_once(place)).id != reply.message.id
    assert message.text.startswith("<@")


async def test_a_reply_that_cant_be_edited_is_replaced_too(place: Place) -> None:
    place.discord.faults.unknown_webhook("PATCH", times=99)
    place.discord.faults.http("PATCH", IN_CHANNEL, status=404, code=10008, times=99)
    await ask(place)
    message = await place.discord.wait_for(
        lambda message: bool(message.attachments) and message.channel_id == place.channel.id
    )
    assert message.id == (await delivered_once(place)).id
    assert "Discord" not in message.text


async def test_an_archived_thread_is_a_closed_channel(place: Place) -> None:
    ana = place.person("anna")
    archived = {"status": 400, "code": 50083, "message": "Thread is archived", "times": 99}
    place.discord.faults.http("PATCH", REPLY, **archived)
    place.discord.faults.http("PATCH", IN_CHANNEL, **archived)
    place.discord.faults.http("POST", f"/channels/{place.channel.id}/messages", **archived)
    await ana.slash("imagine", prompt="a red fish", steps=4)
    message = await place.discord.until(
        lambda: next((message for message in ana.direct_messages() if message.attachments), None),
        30,
        lambda: "no direct message with a picture came",
    )
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.DELIVERED, message.id)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_picture_that_is_too_large_is_sent_smaller_with_its_infotext(place: Place, times: int) -> None:
    with failing_uploads(place.discord.faults, status=413, code=40005, times=times):
        message = await drawn(await ask(place, seed=7))
    assert message.attachments[0].filename.endswith((".webp", ".jpg"))
    assert COMPRESSED in message.text
    identified = await place.person("ben").context_menu("Identify picture", message)
    assert "a red fish" in (await identified.until(lambda message: "Steps: 4" in message.text)).text
    await delivered_once(place)


async def test_a_servers_upload_limit_is_respected_from_the_start(place: Place) -> None:
    world = place.discord.world
    usual, world.upload_limit = world.upload_limit, 20_000
    place.discord.log.clear()
    try:
        message = await drawn(await ask(place))
    finally:
        world.upload_limit = usual
    assert COMPRESSED in message.text
    assert 413 not in [exchange.status for exchange in place.discord.log if exchange.method == "PATCH"]
    await delivered_once(place)


async def test_a_permanent_refusal_ends_with_a_sentence_and_a_try_again_button(place: Place) -> None:
    invalid = {"status": 400, "code": 50035, "message": "Invalid Form Body"}
    with failing_uploads(place.discord.faults, **invalid) as fault:
        reply = await ask(place, seed=5)
        message = await reply.until(lambda message: REJECTED in message.text)
    assert fault.hits == 1
    row = await place.row()
    assert (row.state, row.message_id) == (JobState.FAILED, None)
    again = await drawn(await place.person("ana").click(message, "Try again"))
    assert "seed 5 ·" in again.text
    await delivered_once(place)
