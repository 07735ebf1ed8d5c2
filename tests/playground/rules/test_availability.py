"""Which commands people can use where: contexts, installations, permissions, age restriction and Integrations."""

from __future__ import annotations

from typing import Any

import pytest

from playground.rules.availability import available_commands, owners_of, refusal
from playground.world import Channel, Guild, Json, User, World
from playground.world.clock import Clock

APPLICATION = "77"
COMMAND: Json = {
    "id": "5",
    "application_id": APPLICATION,
    "name": "draw",
    "type": 1,
    "default_member_permissions": None,
}


@pytest.fixture
def world() -> World:
    return World(Clock())


@pytest.fixture
def guild(world: World) -> Guild:
    return world.add_guild("A server", ["pictures"])


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return next(iter(guild.channels.values()))


@pytest.fixture
def ana(world: World, guild: Guild) -> User:
    user = world.add_user("ana")
    guild.join(user)
    return user


def offered(world: World, channel: Channel, user: User, **change: Any) -> bool:
    command = {**COMMAND, **change}
    world.commands = {(None, "draw", 1): command}
    return available_commands(world, channel, user) == [command]


@pytest.mark.parametrize(
    ("contexts", "in_guild", "in_direct"),
    [(None, True, True), ([0, 1, 2], True, True), ([0], True, False), ([1], False, True), ([2], False, False)],
)
def test_contexts_say_where_a_command_is_available(
    world: World, channel: Channel, ana: User, contexts: list[int] | None, in_guild: bool, in_direct: bool
) -> None:
    assert offered(world, channel, ana, contexts=contexts) == in_guild
    assert offered(world, world.direct_channel(ana), ana, contexts=contexts) == in_direct


def test_the_older_dm_permission_still_works(world: World, channel: Channel, ana: User) -> None:
    assert offered(world, channel, ana, dm_permission=False)
    assert not offered(world, world.direct_channel(ana), ana, dm_permission=False)


def test_a_guilds_commands_stay_in_it(world: World, guild: Guild, channel: Channel, ana: User) -> None:
    world.commands = {(guild.id, "draw", 1): {**COMMAND, "guild_id": str(guild.id)}}
    assert available_commands(world, channel, ana)
    assert available_commands(world, world.direct_channel(ana), ana) == []


def test_the_refusal_names_the_place(world: World, channel: Channel, ana: User) -> None:
    direct = world.direct_channel(ana)
    assert refusal({**COMMAND, "contexts": [0]}, direct, ana) == "isn't available in direct messages with the bot"
    assert refusal({**COMMAND, "contexts": [1]}, channel, ana) == "isn't available in servers"


def test_a_users_installation_brings_commands_where_the_bot_is_not(world: World, ana: User) -> None:
    ben = world.add_user("ben")
    elsewhere = world.add_guild("Elsewhere", ["there"], has_bot=False)
    elsewhere.join(ana)
    there = next(iter(elsewhere.channels.values()))
    private = world.private_channel(ana, ben)
    for types, has_app, expected in (
        ([0], True, False),
        ([0, 1], False, False),
        ([1], True, True),
        ([0, 1], True, True),
    ):
        ana.has_app = has_app
        assert offered(world, there, ana, integration_types=types) == expected
        assert offered(world, private, ana, integration_types=types) == expected
    assert not offered(world, private, ben, integration_types=[0, 1])


def test_owners_name_each_installation(world: World, guild: Guild, channel: Channel, ana: User) -> None:
    both = {**COMMAND, "integration_types": [0, 1]}
    assert owners_of(world, both, channel, ana) == {"0": str(guild.id)}
    assert owners_of(world, both, world.direct_channel(ana), ana) == {"0": "0"}
    ana.has_app = True
    assert owners_of(world, both, channel, ana) == {"0": str(guild.id), "1": str(ana.id)}
    assert owners_of(world, both, world.private_channel(ana, world.add_user("ben")), ana) == {"1": str(ana.id)}
    assert owners_of(world, COMMAND, channel, ana) == {"0": str(guild.id)}


def test_default_member_permissions_are_required_in_servers_only(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    manage = str(1 << 5)
    assert not offered(world, channel, ana, default_member_permissions=manage)
    assert offered(world, world.direct_channel(ana), ana, default_member_permissions=manage)
    guild.grant(ana.id, ["manage_guild"])
    assert offered(world, channel, ana, default_member_permissions=manage)
    assert refusal({**COMMAND, "default_member_permissions": "0"}, channel, ana) == "is limited to administrators"
    guild.grant(ana.id, ["administrator"])
    assert offered(world, channel, ana, default_member_permissions="0")


def test_age_restricted_commands_need_such_a_channel_or_direct_messages(
    world: World, channel: Channel, ana: User
) -> None:
    assert not offered(world, channel, ana, nsfw=True)
    assert offered(world, world.direct_channel(ana), ana, nsfw=True)
    channel.age_restricted = True
    assert offered(world, channel, ana, nsfw=True)
    assert offered(world, world.add_thread(channel, "a thread", [ana.id]), ana, nsfw=True)


def test_commands_need_use_application_commands(world: World, channel: Channel, ana: User) -> None:
    channel.set_overwrite(ana.id, deny=["use_application_commands"])
    assert not offered(world, channel, ana)


def test_commands_are_not_available_in_a_timeout_or_an_archived_thread(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    thread = world.add_thread(channel, "a thread", [ana.id])
    assert offered(world, thread, ana)
    thread.archive()
    assert not offered(world, thread, ana)
    guild.time_out(ana.id, 60)
    assert refusal(COMMAND, channel, ana) == "can't be used by ana during their timeout"


def test_integrations_settings_override_default_permissions(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    manage = str(1 << 5)
    guild.set_command_rule(5, 2, ana.id, allowed=True)
    assert offered(world, channel, ana, default_member_permissions=manage)
    guild.set_command_rule(5, 2, ana.id, allowed=False)
    assert refusal(COMMAND, channel, ana) == "is switched off for ana under Integrations"
    guild.command_rules.clear()
    guild.set_command_rule(int(APPLICATION), 1, guild.id, allowed=False)
    assert not offered(world, channel, ana)
    guild.set_command_rule(int(APPLICATION), 1, guild.members[ana.id].role.id, allowed=True)
    assert offered(world, channel, ana)


def test_integrations_settings_apply_to_channels_and_their_threads(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    thread, other = world.add_thread(channel, "a thread", [ana.id]), world.add_channel(guild, "other")
    guild.set_command_rule(5, 3, channel.id, allowed=False)
    assert [offered(world, place, ana) for place in (channel, thread, other)] == [False, False, True]
    guild.command_rules.clear()
    guild.set_command_rule(5, 3, guild.id - 1, allowed=False)
    guild.set_command_rule(5, 3, other.id, allowed=True)
    assert [offered(world, place, ana) for place in (channel, thread, other)] == [False, False, True]
    guild.grant(ana.id, ["administrator"])
    assert offered(world, channel, ana)
