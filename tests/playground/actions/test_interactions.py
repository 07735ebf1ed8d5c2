"""Interactions: acknowledged once and in time, with a response their type allows, editable for fifteen minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from playground import Discord, Reply
from playground.actions.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT
from tests.playground.api import Answer, Api, Socket, open_socket
from tests.playground.conftest import message_of

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
EPHEMERAL = 64
BUTTON = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Press", "custom_id": "b"}]}
FORM = {
    "title": "Form",
    "custom_id": "f",
    "components": [{"type": 18, "label": "Words", "component": {"type": 4, "custom_id": "w", "style": 1}}],
}
COMMAND_PING = {
    "name": "ping",
    "description": "d",
    "type": 1,
    "options": [{"name": "o", "description": "d", "type": 3, "autocomplete": True}],
}


@dataclass
class Bot:
    """A bot that responds with exactly what a test tells it to."""

    local: Discord
    api: Api
    socket: Socket
    event: dict[str, Any]

    async def next_interaction(self) -> dict[str, Any]:
        self.event = (await self.socket.until("INTERACTION_CREATE"))["d"]
        return self.event

    async def respond(self, kind: int, data: Any = None, query: str = "?with_response=1") -> Answer:
        path = f"/interactions/{self.event['id']}/{self.event['token']}/callback{query}"
        return await self.api.call("POST", path, {"type": kind, "data": data} if data is not None else {"type": kind})

    async def hook(self, method: str, path: str = "/messages/@original", body: Any = None) -> Answer:
        application = self.local.world.application_id
        return await self.api.call(method, f"/webhooks/{application}/{self.event['token']}{path}", body)


@pytest.fixture
async def bot(local: Discord, api: Api) -> AsyncIterator[Bot]:
    async with open_socket(local) as socket:
        await socket.identify(local)
        await api.call("PUT", f"/applications/{local.world.application_id}/commands", [COMMAND_PING])
        yield Bot(local, api, socket, {})


async def pinged(bot: Bot) -> asyncio.Task[Reply]:
    """Ana used the command, and the bot received it."""
    task = asyncio.create_task(bot.local.person("ana").slash("ping"))
    await bot.next_interaction()
    return task


async def test_an_interaction_names_the_user_channel_and_options(bot: Bot) -> None:
    ana = bot.local.person("ana", ["manage_guild"])
    task = asyncio.create_task(ana.slash("ping", o="x"))
    event = await bot.next_interaction()
    assert event["type"] == COMMAND
    assert event["data"]["options"] == [{"name": "o", "type": 3, "value": "x"}]
    assert (event["member"]["user"]["id"], event["channel_id"]) == (str(ana.id), str(ana.channel.id))
    assert int(event["member"]["permissions"]) & 1 << 5
    assert event["attachment_size_limit"] == 10 * 1024 * 1024
    await bot.respond(MESSAGE, {"content": "pong"})
    assert (await task).text == "pong"
    bot.local.assert_clean()


async def test_a_callback_returns_the_message_only_on_request(bot: Bot) -> None:
    await pinged(bot)
    assert (await bot.respond(MESSAGE, {"content": "pong"}, query="")).status == 204
    await pinged(bot)
    full = await bot.respond(MESSAGE, {"content": "pong"})
    assert full.body["resource"]["message"]["content"] == "pong"
    assert full.body["interaction"]["response_message_id"] == full.body["resource"]["message"]["id"]
    assert "X-RateLimit-Bucket" not in full.headers
    await pinged(bot)
    assert "resource" not in (await bot.respond(DEFER)).body
    bot.local.assert_clean()


async def test_a_second_acknowledgement_is_refused(bot: Bot) -> None:
    await pinged(bot)
    assert (await bot.respond(DEFER)).status == 200
    for kind in (DEFER, MESSAGE):
        second = await bot.respond(kind, {"content": "again"})
        assert (second.status, second.code) == (400, 40060)


async def test_a_late_or_unknown_acknowledgement_is_refused(bot: Bot) -> None:
    await pinged(bot)
    bot.local.clock.advance(seconds=3.1)
    late = await bot.respond(MESSAGE, {"content": "pong"})
    assert (late.status, late.code) == (404, 10062)
    bot.event = {"id": "1", "token": "unknown"}
    assert (await bot.respond(DEFER)).code == 10062


async def test_nothing_can_be_sent_before_acknowledging(bot: Bot) -> None:
    await pinged(bot)
    early = await bot.hook("POST", "", {"content": "early"})
    assert (early.status, early.code) == (404, 10015)
    assert (await bot.respond(MESSAGE, {"content": "pong"})).status == 200
    wrong = await bot.api.call("POST", f"/webhooks/1/{bot.event['token']}", {"content": "x"})
    assert wrong.code == 10015


async def test_a_response_can_be_edited_for_fifteen_minutes(bot: Bot) -> None:
    await pinged(bot)
    await bot.respond(MESSAGE, {"content": "pong"})
    bot.local.clock.advance(minutes=14)
    assert (await bot.hook("PATCH", body={"content": "later"})).status == 200
    assert (await bot.hook("GET")).body["content"] == "later"
    bot.local.clock.advance(minutes=2)
    for method, path, body in (("PATCH", "/messages/@original", {"content": "x"}), ("POST", "", {"content": "x"})):
        expired = await bot.hook(method, path, body)
        assert (expired.status, expired.code) == (401, 50027)
    bot.local.assert_clean()


async def test_a_deferred_response_is_thinking_until_its_first_message(bot: Bot) -> None:
    task = await pinged(bot)
    await bot.respond(DEFER, {"flags": EPHEMERAL})
    reply = await task
    assert reply.thinking
    # the first message after a defer replaces it and stays ephemeral
    filled = await bot.hook("POST", "?wait=true", {"content": "done"})
    assert (await bot.hook("GET")).body["id"] == filled.body["id"]
    assert (reply.text, reply.thinking, message_of(reply).ephemeral) == ("done", False, True)
    more = await bot.hook("POST", "?wait=true", {"content": "more"})
    assert more.body["id"] != filled.body["id"]
    assert (await bot.hook("PATCH", f"/messages/{more.body['id']}", {"content": "more!"})).status == 200
    assert [message.content for message in reply.followups] == ["more!"]
    assert (await bot.hook("DELETE", f"/messages/{more.body['id']}")).status == 204
    assert (await bot.hook("GET", f"/messages/{more.body['id']}")).code == 10008
    assert (await bot.hook("DELETE")).status == 204
    assert (await bot.hook("PATCH", body={"content": "x"})).code == 10008
    assert reply.text == ""
    bot.local.assert_clean()


async def test_a_defer_only_accepts_the_ephemeral_flag(bot: Bot) -> None:
    await pinged(bot)
    assert (await bot.respond(DEFER, {"flags": 1 << 15})).code == 50035
    assert (await bot.respond(DEFER, {"flags": EPHEMERAL})).status == 200


async def test_a_refused_response_can_be_retried(bot: Bot) -> None:
    task = await pinged(bot)
    assert (await bot.respond(MESSAGE, {"content": "x" * 2001})).code == 50035
    assert (await bot.respond(MESSAGE, {"content": ""})).code == 50006
    assert (await bot.respond(MESSAGE, {"content": "pong"})).status == 200
    assert (await task).text == "pong"


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (COMMAND, {MESSAGE, DEFER, MODAL}),
        (COMPONENT, {MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL}),
        (AUTOCOMPLETE, {CHOICES}),
        (SUBMIT, {MESSAGE, DEFER, DEFER_UPDATE, UPDATE}),
    ],
)
async def test_each_interaction_type_accepts_its_own_responses(bot: Bot, kind: int, allowed: set[int]) -> None:
    local, ana = bot.local, bot.local.person("ana")
    shown = await bot.api.send({"content": "x", "components": [BUTTON]})
    record = local.channel("pictures").messages[int(shown.body["id"])]
    data = {"id": "1", "name": "ping", "type": 1, "custom_id": "b", "component_type": 2, "components": []}
    answers = {
        MESSAGE: {"content": "y"},
        DEFER: {},
        DEFER_UPDATE: {},
        UPDATE: {"content": "z"},
        CHOICES: {"choices": []},
        MODAL: FORM,
    }
    for answer, body in answers.items():
        message = record if kind in (COMPONENT, SUBMIT) else None
        interaction = local.interactions.create(kind, ana.user, ana.channel, data, message=message)
        bot.event = {"id": str(interaction.id), "token": interaction.token}
        given = await bot.respond(answer, body)
        assert (given.status == 200) == (answer in allowed), answer
        assert given.status == 200 or given.code == 50035


async def test_a_click_can_update_its_message_in_place(bot: Bot) -> None:
    await bot.api.send({"content": "before", "components": [BUTTON]})
    ana = bot.local.person("ana")
    (message,) = ana.sees()
    task = asyncio.create_task(ana.click(message, "Press"))
    assert (await bot.next_interaction())["message"]["id"] == str(message.id)
    await bot.respond(UPDATE, {"content": "after", "components": []})
    assert (await task).text == "after"
    assert [(message.content, message.buttons) for message in ana.sees()] == [("after", ())]
    bot.local.assert_clean()


async def test_too_many_choices_are_refused(bot: Bot) -> None:
    task = asyncio.create_task(bot.local.person("ana").autocomplete("ping", "o", "x"))
    event = await bot.next_interaction()
    assert event["data"]["options"] == [{"name": "o", "type": 3, "value": "x", "focused": True}]
    choices = [{"name": f"n{number}", "value": f"v{number}"} for number in range(26)]
    assert (await bot.respond(CHOICES, {"choices": choices})).code == 50035
    await bot.respond(CHOICES, {"choices": choices[:25]})
    assert len(await task) == 25
    bot.local.assert_clean()
