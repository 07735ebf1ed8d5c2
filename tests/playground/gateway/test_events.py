"""Which events a bot receives: what it can see, and changes to roles, members, channels, threads and command settings."""

from __future__ import annotations

from typing import Any

from playground import Discord
from tests.playground.api import Socket, open_socket

MEMBERS = 1 << 1


async def next_data(socket: Socket, event: str) -> dict[str, Any]:
    return (await socket.until(event))["d"]


async def test_messages_in_hidden_channels_are_not_sent(local: Discord) -> None:
    ana, hidden = local.person("ana"), local.channel("general")
    hidden.deny_bot("view_channel")
    async with open_socket(local) as socket:
        await socket.identify(local)
        ana.go_to(hidden)
        said = await ana.say("hidden")
        await ana.react(said, "🔁")
        ana.go_to(local.channel("pictures"))
        shown = await ana.say("shown")
        assert (await next_data(socket, "MESSAGE_CREATE"))["id"] == str(shown.id)


async def test_threads_are_announced_where_the_bot_can_see_them(local: Discord) -> None:
    ana = local.person("ana")
    ana.start_thread("before")
    ana.start_thread("secret before", private=True)
    async with open_socket(local) as socket:
        await socket.identify(local)
        guild = await next_data(socket, "GUILD_CREATE")
        assert [thread["name"] for thread in guild["threads"]] == ["before"]
        assert [channel["name"] for channel in guild["channels"]] == ["pictures", "general"]
        ana.start_thread("secret", private=True)
        thread = ana.start_thread("after")
        created = await next_data(socket, "THREAD_CREATE")
        assert (created["name"], created["newly_created"], created["owner_id"]) == ("after", True, str(ana.id))
        thread.archive()
        assert (await next_data(socket, "THREAD_UPDATE"))["thread_metadata"]["archived"]
        ana.go_to(thread)
        await ana.say("again")
        assert not (await next_data(socket, "THREAD_UPDATE"))["thread_metadata"]["archived"]
        assert (await next_data(socket, "MESSAGE_CREATE"))["channel_id"] == str(thread.id)


async def test_roles_and_overwrites_are_announced(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.identify(local)
        ana = local.person("ana")
        created = await next_data(socket, "GUILD_ROLE_CREATE")
        assert (created["guild_id"], created["role"]["name"]) == (str(local.guild.id), "ana")
        ana.may("manage_guild")
        updated = await next_data(socket, "GUILD_ROLE_UPDATE")
        assert int(updated["role"]["permissions"]) & 1 << 5
        local.channel("pictures").deny_bot("send_messages")
        overwrite = (await next_data(socket, "CHANNEL_UPDATE"))["permission_overwrites"]
        assert overwrite == [{"id": str(local.world.bot.id), "type": 1, "allow": "0", "deny": str(1 << 11)}]
        local.add_channel("new", age_restricted=True)
        assert (await next_data(socket, "CHANNEL_CREATE"))["nsfw"]


async def test_the_bot_learns_of_its_own_timeout_and_of_others_with_the_members_intent(local: Discord) -> None:
    ana = local.person("ana")
    local.gateway.allows_privileged = True
    async with open_socket(local) as plain, open_socket(local) as privileged:
        await plain.identify(local)
        await privileged.identify(local, intents=1 | MEMBERS)
        local.guild.time_out(ana.id, 60)
        local.guild.time_out(local.world.bot.id, 60)
        for socket, first in ((plain, local.world.bot.id), (privileged, ana.id)):
            updated = await next_data(socket, "GUILD_MEMBER_UPDATE")
            assert updated["user"]["id"] == str(first)
            assert updated["communication_disabled_until"] > local.world.clock.timestamp()


async def test_settings_under_integrations_are_announced(local: Discord) -> None:
    async with open_socket(local) as socket:
        await socket.identify(local)
        local.guild.set_command_rule(5, 3, local.channel("general").id, allowed=False)
        announced = await next_data(socket, "APPLICATION_COMMAND_PERMISSIONS_UPDATE")
        rule = {"id": str(local.channel("general").id), "type": 3, "permission": False}
        assert (announced["id"], announced["permissions"]) == ("5", [rule])


async def test_servers_without_the_bot_are_not_announced(local: Discord) -> None:
    async with open_socket(local) as socket:
        elsewhere = local.add_guild("Elsewhere", ["there"], has_bot=False)
        ready = await socket.identify(local)
        assert [guild["id"] for guild in ready["guilds"]] == [str(local.guild.id)]
        ana = local.person("ana")
        ana.go_to(next(iter(elsewhere.channels.values())))
        await ana.say("not for the bot")
        ana.go_to(local.channel("pictures"))
        said = await ana.say("for the bot")
        assert (await next_data(socket, "MESSAGE_CREATE"))["id"] == str(said.id)
