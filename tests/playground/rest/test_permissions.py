"""What the REST API refuses for want of a permission, and what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from playground import Discord
from playground.world import Channel
from tests.playground.api import Answer, Api

EMBEDS = {"embeds": [{"title": "x"}]}


async def in_channel(api: Api, channel: Channel, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    return await api.call(method, f"/channels/{channel.id}{path}", body, **more)


@pytest.mark.parametrize(
    ("denied", "method", "path", "body", "code"),
    [
        ("view_channel", "GET", "", None, 50001),
        ("view_channel", "POST", "/messages", {"content": "x"}, 50001),
        ("send_messages", "POST", "/messages", {"content": "x"}, 50013),
        ("send_messages", "POST", "/typing", None, 50013),
        ("embed_links", "POST", "/messages", EMBEDS, 50013),
        ("read_message_history", "GET", "/messages/{message}", None, 50013),
        ("read_message_history", "PUT", "/messages/{message}/reactions/🔁/@me", None, 50013),
        ("add_reactions", "PUT", "/messages/{message}/reactions/🔁/@me", None, 50013),
    ],
)
async def test_missing_permissions_are_refused(
    local: Discord, api: Api, denied: str, method: str, path: str, body: Any, code: int
) -> None:
    message = await local.person("ana").say("hello")
    api.channel.deny_bot(denied)
    refused = await in_channel(api, api.channel, method, path.format(message=message.id), body)
    assert (refused.status, refused.code) == (403, code)
    local.assert_clean()


async def test_files_and_embeds_need_their_permissions_in_edits_too(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "x"})
    path = f"/messages/{sent.body['id']}"
    api.channel.deny_bot("attach_files", "embed_links")
    assert (await api.send({"content": "x"}, files=[b"x"])).code == 50013
    assert (await in_channel(api, api.channel, "PATCH", path, {"content": "y"}, files=[b"x"])).code == 50013
    assert (await in_channel(api, api.channel, "PATCH", path, EMBEDS)).code == 50013
    assert (await in_channel(api, api.channel, "PATCH", path, {"content": "y", "embeds": []})).status == 200
    api.channel.set_overwrite(local.world.bot.id, allow=["attach_files", "embed_links"])
    assert (await in_channel(api, api.channel, "PATCH", path, EMBEDS, files=[b"x"])).status == 200
    local.assert_clean()


async def test_history_is_empty_without_read_message_history(local: Discord, api: Api) -> None:
    await api.send({"content": "x"})
    assert len((await in_channel(api, api.channel, "GET", "/messages")).body) == 1
    api.channel.deny_bot("read_message_history")
    hidden = await in_channel(api, api.channel, "GET", "/messages")
    assert (hidden.status, hidden.body) == (200, [])
    local.assert_clean()


async def test_a_reply_needs_read_message_history(local: Discord, api: Api) -> None:
    first = await api.send({"content": "first"})
    reply = {"content": "reply", "message_reference": {"message_id": first.body["id"]}}
    assert (await api.send(reply)).status == 200
    api.channel.deny_bot("read_message_history")
    refused = await api.send(reply)
    assert (refused.status, refused.code) == (403, 160002)
    assert (await api.send({"content": "no reply"})).status == 200
    local.assert_clean()


async def test_threads_need_a_permission_of_their_own(local: Discord, api: Api) -> None:
    thread = local.world.add_thread(api.channel, "a thread", [local.person("ana").id])
    api.channel.deny_bot("send_messages")
    assert (await in_channel(api, thread, "POST", "/messages", {"content": "x"})).status == 200
    assert (await in_channel(api, thread, "POST", "/typing")).status == 204
    api.channel.deny_bot("send_messages_in_threads")
    assert (await in_channel(api, thread, "POST", "/messages", {"content": "x"})).code == 50013
    assert (await in_channel(api, thread, "POST", "/typing")).code == 50013
    shown = await in_channel(api, thread, "GET", "")
    assert (shown.body["type"], shown.body["parent_id"], shown.body["name"]) == (11, str(api.channel.id), "a thread")
    local.assert_clean()


async def test_archived_threads_are_reopened_by_a_message_but_not_by_an_edit(local: Discord, api: Api) -> None:
    thread = local.world.add_thread(api.channel, "a thread", [local.world.bot.id])
    sent = await in_channel(api, thread, "POST", "/messages", {"content": "x"})
    path = f"/messages/{sent.body['id']}"
    thread.archive()
    for method, where, body in (("PATCH", path, {"content": "y"}), ("PUT", f"{path}/reactions/🔁/@me", None)):
        refused = await in_channel(api, thread, method, where, body)
        assert (refused.status, refused.code) == (400, 50083)
    assert (await in_channel(api, thread, "POST", "/messages", {"content": "z"})).status == 200
    assert not thread.is_archived
    assert (await in_channel(api, thread, "PATCH", path, {"content": "y"})).status == 200
    local.assert_clean()


async def test_locked_threads_are_for_moderators(local: Discord, api: Api) -> None:
    thread = local.world.add_thread(api.channel, "a thread", [local.world.bot.id])
    thread.archive(lock=True)
    refused = await in_channel(api, thread, "POST", "/messages", {"content": "x"})
    assert (refused.status, refused.code) == (403, 160005)
    local.guild.bot_permissions.add("manage_threads")
    assert (await in_channel(api, thread, "POST", "/messages", {"content": "x"})).status == 200


async def test_private_threads_are_hidden_from_a_bot_outside(local: Discord, api: Api) -> None:
    thread = local.world.add_thread(api.channel, "private", [local.person("ana").id], is_private=True)
    assert (await in_channel(api, thread, "GET", "")).code == 50001
    joined = local.world.add_thread(
        api.channel, "joined", [local.person("ana").id, local.world.bot.id], is_private=True
    )
    assert (await in_channel(api, joined, "GET", "")).body["member"]["user_id"] == str(local.world.bot.id)
    local.assert_clean()


async def test_a_bot_in_a_timeout_can_only_read(local: Discord, api: Api) -> None:
    sent = await api.send({"content": "x"})
    local.guild.time_out(local.world.bot.id, 60)
    assert (await api.send({"content": "x"})).code == 50013
    path = f"/messages/{sent.body['id']}/reactions/🔁/@me"
    assert (await in_channel(api, api.channel, "PUT", path)).code == 50013
    assert len((await in_channel(api, api.channel, "GET", "/messages")).body) == 1
    member = await api.call("GET", f"/guilds/{local.guild.id}/members/{local.world.bot.id}")
    assert member.body["communication_disabled_until"] > local.world.clock.timestamp()
    local.clock.advance(seconds=61)
    assert (await api.send({"content": "x"})).status == 200
    local.assert_clean()


async def test_overwrites_are_listed_and_hidden_channels_are_not(local: Discord, api: Api) -> None:
    ana = local.person("ana")
    api.channel.set_overwrite(ana.id, deny=["send_messages"])
    api.channel.set_overwrite(local.guild.id, allow=["attach_files"], is_role=True)
    shown = (await in_channel(api, api.channel, "GET", "")).body["permission_overwrites"]
    assert shown == [
        {"id": str(ana.id), "type": 1, "allow": "0", "deny": str(1 << 11)},
        {"id": str(local.guild.id), "type": 0, "allow": str(1 << 15), "deny": "0"},
    ]
    local.channel("general").deny_bot("view_channel")
    listed = await api.call("GET", f"/guilds/{local.guild.id}/channels")
    assert [channel["name"] for channel in listed.body] == ["pictures"]
    local.assert_clean()


async def test_roles_add_up_to_what_members_may_do(local: Discord, api: Api) -> None:
    mod = local.person("mod", ["manage_guild"])
    guild = await api.call("GET", f"/guilds/{local.guild.id}")
    member = await api.call("GET", f"/guilds/{local.guild.id}/members/{mod.id}")
    roles = {role["id"]: int(role["permissions"]) for role in guild.body["roles"]}
    granted = roles[str(local.guild.id)]
    for role in member.body["roles"]:
        granted |= roles[role]
    assert granted & 1 << 5
    assert not roles[str(local.guild.id)] & 1 << 5
    local.assert_clean()


async def test_a_server_without_the_bot_is_out_of_reach(local: Discord, api: Api) -> None:
    guild = local.add_guild("Elsewhere", ["there"], has_bot=False)
    channel = next(iter(guild.channels.values()))
    for path in (f"/guilds/{guild.id}", f"/guilds/{guild.id}/channels", f"/channels/{channel.id}"):
        refused = await api.call("GET", path)
        assert (refused.status, refused.code) == (403, 50001)
    listed = await api.call("GET", "/users/@me/guilds")
    assert [shown["name"] for shown in listed.body] == ["Negative Space"]
    local.assert_clean()


@pytest.mark.parametrize("emoji", ["a", "▲", "fish:1", "🔁🔁"])
async def test_only_emoji_are_reactions(api: Api, emoji: str) -> None:
    sent = await api.send({"content": "x"})
    refused = await in_channel(api, api.channel, "PUT", f"/messages/{sent.body['id']}/reactions/{emoji}/@me")
    assert (refused.status, refused.code) == (400, 10014)
