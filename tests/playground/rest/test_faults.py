"""Injected faults: their responses, their order, and that they are counted and used up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from playground import Discord
from playground.rest.faults import Fault, Faults
from tests.playground.api import Api

MESSAGES = "/channels/*/messages"


async def test_a_rate_limit_looks_like_discords(local: Discord, api: Api) -> None:
    local.faults.rate_limit("POST", MESSAGES, retry_after=0.25, scope="shared")
    limited = await api.send({"content": "x"})
    assert limited.status == 429
    assert limited.body == {"message": "You are being rate limited.", "code": 0, "retry_after": 0.25, "global": False}
    assert limited.headers["Retry-After"] == "0.25"
    assert limited.headers["X-RateLimit-Scope"] == "shared"
    assert "Via" in limited.headers  # without it discord.py takes the response for a ban by the proxy
    assert "X-RateLimit-Global" not in limited.headers
    assert (await api.send({"content": "x"})).status == 200
    local.assert_clean()


async def test_a_global_rate_limit_is_marked_as_global(local: Discord, api: Api) -> None:
    local.faults.rate_limit("*", "/users/@me", scope="global")
    limited = await api.call("GET", "/users/@me")
    assert limited.body["global"] is True
    assert limited.headers["X-RateLimit-Global"] == "true"


@pytest.mark.parametrize(
    ("preset", "status", "code"),
    [
        (lambda faults: faults.server_error("POST", MESSAGES), 502, 0),
        (lambda faults: faults.server_error("POST", MESSAGES, status=503), 503, 0),
        (lambda faults: faults.missing_permissions("POST", MESSAGES), 403, 50013),
        (lambda faults: faults.too_large("POST", MESSAGES), 413, 40005),
        (lambda faults: faults.http("POST", MESSAGES, status=404, code=10008, message="Unknown Message"), 404, 10008),
    ],
)
async def test_an_injected_error_replaces_the_request(
    local: Discord, api: Api, preset: Callable[[Faults], Fault], status: int, code: int
) -> None:
    fault = preset(local.faults)
    refused = await api.send({"content": "x"})
    assert (refused.status, refused.code, fault.hits) == (status, code, 1)
    assert local.person("ana").sees() == []
    assert (await api.send({"content": "x"})).status == 200


async def test_unknown_webhook_applies_to_every_webhook_route(local: Discord, api: Api) -> None:
    fault = local.faults.unknown_webhook(times=2)
    for method, path in (("POST", "/webhooks/1/token"), ("PATCH", "/webhooks/1/token/messages/@original")):
        assert (await api.call(method, path, {"content": "x"})).code == 10015
    assert fault.hits == 2
    assert (await api.send({"content": "x"})).status == 200


async def test_a_connection_dropped_before_loses_the_request(local: Discord, api: Api) -> None:
    local.faults.drop_connection("POST", MESSAGES, when="before")
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.send({"content": "x"})
    assert local.person("ana").sees() == []


async def test_a_connection_dropped_after_loses_only_the_response(local: Discord, api: Api) -> None:
    local.faults.drop_connection("POST", MESSAGES, when="after")
    body = {"content": "x", "nonce": "1", "enforce_nonce": True}
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.send(body)
    (message,) = local.person("ana").sees()
    assert (await api.send(body)).body["id"] == str(message.id)


async def test_a_delay_holds_up_only_one_request(local: Discord, api: Api) -> None:
    local.faults.delay("GET", "/users/@me", 0.2)
    slow = asyncio.create_task(api.call("GET", "/users/@me"))
    assert (await api.send({"content": "x"})).status == 200
    assert not slow.done()
    assert (await slow).status == 200


def test_faults_are_used_in_order_and_counted() -> None:
    faults = Faults()
    first = faults.server_error("POST", "/a/*", times=2)
    second = faults.server_error("*", "/a/b", status=500)
    assert [faults.take("POST", "/a/b") for _ in range(4)] == [first, first, second, None]
    assert (first.hits, second.hits) == (2, 1)


def test_faults_match_on_method_and_path_and_can_be_removed() -> None:
    faults = Faults()
    fault = faults.server_error("POST", "/channels/*/messages", times=9)
    assert faults.take("GET", "/channels/1/messages") is None
    assert faults.take("POST", "/channels/1") is None
    assert faults.take("POST", "/channels/1/messages") is fault
    faults.remove(fault)
    assert faults.take("POST", "/channels/1/messages") is None
    faults.server_error("POST", "*")
    faults.clear()
    assert faults.take("POST", "/any") is None


async def test_a_repeated_request_takes_effect_twice_unless_it_has_a_nonce(local: Discord, api: Api) -> None:
    local.faults.repeat("POST", MESSAGES, times=2)
    await api.send({"content": "x"})
    assert len(local.person("ana").sees()) == 2
    sent = await api.send({"content": "y", "nonce": "1", "enforce_nonce": True})
    assert [message.content for message in local.person("ana").sees()] == ["x", "x", "y"]
    assert sent.body["content"] == "y"


async def test_random_faults_see_the_request_arrive_and_take_effect(local: Discord, api: Api) -> None:
    seen: list[str] = []
    ana = local.person("ana")
    local.faults.by_chance = lambda request, path: Fault(
        request.method,
        path,
        on_arrival=lambda: seen.append(f"arrived with {len(ana.sees())}"),
        on_applied=lambda: seen.append(f"applied with {len(ana.sees())}"),
    )
    assert (await api.send({"content": "x"})).status == 200
    assert seen == ["arrived with 0", "applied with 1"]
    local.faults.server_error("POST", MESSAGES)  # pending faults come first
    assert (await api.send({"content": "x"})).status == 502


async def test_automod_blocks_a_phrase_on_every_way_into_a_channel(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "calm"})
    fault = local.faults.automod("a bad Word", times=2)
    for method, path, body in (
        ("POST", "", {"embeds": [{"description": "it says A BAD WORD here"}]}),
        ("PATCH", f"/{sent.body['id']}", {"content": "a bad word"}),
    ):
        assert (await api.send({"content": "calm"})).status == 200
        refused = await api.call(method, f"/channels/{api.channel.id}/messages{path}", body)
        assert (refused.status, refused.code) == (400, 200000)
    assert fault.hits == 2
    assert (await api.send({"content": "a bad word"})).status == 200
    local.assert_clean()


async def test_malformed_json_is_reported_by_the_route_while_automod_is_on(local: Discord) -> None:
    local.faults.automod("word")
    url = f"{local.rest_url}/channels/{local.channel('pictures').id}/messages"
    headers = {"Authorization": f"Bot {local.token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=b"{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50035)
