"""The REST API: its responses, its errors, and that unknown routes are reported."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from playground import Discord
from tests.playground.api import Api


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/channels/1", 10003),
        ("/channels/1/messages", 10003),
        ("/users/1", 10013),
        ("/guilds/1", 10004),
        ("/guilds/{guild}/members/1", 10013),
        ("/guilds/{guild}/members/{stranger}", 10007),
    ],
)
async def test_unknown_ids_are_not_found(local: Discord, api: Api, path: str, code: int) -> None:
    stranger = local.world.add_user("stranger")
    found = await api.call("GET", path.format(guild=local.guild.id, stranger=stranger.id))
    assert (found.status, found.code) == (404, code)
    local.assert_clean()


@pytest.mark.parametrize(
    "path",
    [
        "/users/@me",
        "/oauth2/applications/@me",
        "/applications/@me",
        "/gateway",
        "/gateway/bot",
        "/users/@me/guilds",
        "/guilds/{guild}",
        "/guilds/{guild}/channels",
        "/guilds/{guild}/members/{user}",
        "/channels/{channel}",
        "/users/{user}",
        "/applications/{bot}/commands",
        "/applications/{bot}/guilds/{guild}/commands",
    ],
)
async def test_every_object_matches_the_specification(local: Discord, api: Api, path: str) -> None:
    ana = local.person("ana")
    ids = {"guild": local.guild.id, "user": ana.id, "channel": api.channel.id, "bot": local.world.application_id}
    assert (await api.call("GET", path.format(**ids))).status == 200
    local.assert_clean()


async def test_direct_messages_are_opened_once(local: Discord, api: Api) -> None:
    ana = local.person("ana")
    first = await api.call("POST", "/users/@me/channels", {"recipient_id": str(ana.id)})
    again = await api.call("POST", "/users/@me/channels", {"recipient_id": str(ana.id)})
    assert first.body["id"] == again.body["id"]
    await api.call("POST", f"/channels/{first.body['id']}/messages", {"content": "psst"})
    assert [message.content for message in ana.direct_messages()] == ["psst"]
    assert local.person("ben").direct_messages() == []
    local.assert_clean()


async def test_requests_without_the_token_are_refused(local: Discord, api: Api) -> None:
    refused = await api.call("GET", "/users/@me", token="wrong")
    assert (refused.status, refused.code) == (401, 0)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/guilds/1/roles"), ("POST", "/users/@me"), ("PATCH", "/gateway"), ("GET", "/")]
)
async def test_an_unknown_route_is_named_in_the_error_and_reported(
    local: Discord, api: Api, method: str, path: str
) -> None:
    refused = await api.call(method, path)
    assert refused.status == 404
    assert f"{method} /api/v10{path} is not implemented" in refused.body["message"]
    with pytest.raises(AssertionError, match=f"{method} {path} is not implemented"):
        local.assert_clean()


async def test_other_api_versions_are_unknown(local: Discord) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{local.base_url}/api/v6/users/@me") as response,
    ):
        assert response.status == 404
    with pytest.raises(AssertionError, match="/api/v6/users/@me is not implemented"):
        local.assert_clean()


@pytest.mark.parametrize(
    "body",
    [
        [],
        [1],
        7,
        "text",
        {"content": 5},
        {"embeds": 3},
        {"embeds": [1]},
        {"components": [{}]},
        {"nonce": [1, 2]},
        {"message_reference": {}},
        {"message_reference": {"message_id": "x"}},
        {"attachments": [1]},
    ],
)
async def test_json_of_the_wrong_shape_is_refused_without_a_crash(local: Discord, api: Api, body: Any) -> None:
    refused = await api.send(body)
    assert refused.status == 400
    assert refused.code in (50006, 50035)


async def test_invalid_json_is_refused(local: Discord) -> None:
    url = f"{local.rest_url}/channels/{local.channel('pictures').id}/messages"
    headers = {"Authorization": f"Bot {local.token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=b"{", headers=headers) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == 50035
