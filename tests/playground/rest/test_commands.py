"""Syncing commands, and what moderators set about them under Integrations."""

from __future__ import annotations

from typing import Any

import pytest

from playground import Discord
from tests.playground.api import Api

PING: dict[str, Any] = {"name": "ping", "description": "Say pong", "type": 1}


@pytest.fixture
def path(local: Discord) -> str:
    return f"/applications/{local.world.application_id}/commands"


async def test_syncing_replaces_all_commands(local: Discord, api: Api, path: str) -> None:
    await api.call("PUT", path, [PING, {**PING, "name": "pong"}])
    synced = await api.call("PUT", path, [{**PING, "default_member_permissions": 32}])
    assert [(command["name"], command["default_member_permissions"]) for command in synced.body] == [("ping", "32")]
    assert (await api.call("GET", path)).body == synced.body
    refused = await api.call("PUT", path, [{**PING, "name": "PING"}])
    assert (refused.status, refused.code) == (400, 50035)
    assert (await api.call("GET", path)).body == synced.body
    local.assert_clean()


async def test_a_command_keeps_its_id_over_a_sync_and_its_version_while_it_is_the_same(
    local: Discord, api: Api, path: str
) -> None:
    first = (await api.call("PUT", path, [PING, {**PING, "name": "pong"}])).body
    again = (await api.call("PUT", path, [{**PING, "name": "pong"}, PING])).body
    assert {command["name"]: command for command in again} == {command["name"]: command for command in first}
    (changed,) = (await api.call("PUT", path, [{**PING, "description": "Say PONG"}])).body
    assert changed["id"] == first[0]["id"]
    assert int(changed["version"]) > int(first[0]["version"])
    (recreated,) = (await api.call("PUT", path, [{**PING, "type": 3, "description": ""}])).body
    assert recreated["id"] != first[0]["id"]
    local.assert_clean()


async def test_contexts_and_installations_are_kept(local: Discord, api: Api, path: str) -> None:
    guild_only = {**PING, "contexts": [0], "integration_types": [0, 1], "nsfw": True}
    plain, limited = (await api.call("PUT", path, [{**PING, "name": "pong"}, guild_only])).body
    assert (limited["contexts"], limited["integration_types"], limited["nsfw"]) == ([0], [0, 1], True)
    assert (plain["contexts"], plain["integration_types"], plain["nsfw"]) == (None, [0], False)
    local.assert_clean()


async def test_settings_under_integrations_can_be_read(local: Discord, api: Api, path: str) -> None:
    (ping,) = (await api.call("PUT", path, [PING])).body
    settings = f"/applications/{local.world.application_id}/guilds/{local.guild.id}/commands"
    assert (await api.call("GET", f"{settings}/permissions")).body == []
    unknown = await api.call("GET", f"{settings}/{ping['id']}/permissions")
    assert (unknown.status, unknown.code) == (404, 10066)
    local.guild.set_command_rule(int(ping["id"]), 1, local.guild.id, allowed=False)
    (listed,) = (await api.call("GET", f"{settings}/permissions")).body
    assert listed["permissions"] == [{"id": str(local.guild.id), "type": 1, "permission": False}]
    assert (await api.call("GET", f"{settings}/{ping['id']}/permissions")).body == listed
    local.assert_clean()
