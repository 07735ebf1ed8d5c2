"""What people and the bot may do: roles, overwrites, timeouts, threads and direct messages."""

from __future__ import annotations

import pytest

from playground.world import Channel, Guild, User, World
from playground.world.clock import Clock
from playground.world.permissions import BITS, MEMBER, TIMED_OUT


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


def test_members_have_the_default_permissions_and_what_they_are_granted(guild: Guild, ana: User) -> None:
    assert guild.permissions_of(ana.id) == MEMBER
    guild.grant(ana.id, ["manage_guild"])
    assert guild.permissions_of(ana.id) == MEMBER | {"manage_guild"}
    with pytest.raises(ValueError, match="unknown permissions: fly"):
        guild.grant(ana.id, ["fly"])


def test_strangers_have_no_permissions(world: World, guild: Guild, channel: Channel) -> None:
    stranger = world.add_user("stranger")
    assert guild.permissions_of(stranger.id) == channel.permissions_of(stranger.id) == frozenset()


def test_owners_and_administrators_have_every_permission(guild: Guild, channel: Channel, ana: User) -> None:
    channel.set_overwrite(ana.id, deny=["view_channel"])
    guild.grant(ana.id, ["administrator"])
    assert channel.permissions_of(ana.id) == frozenset(BITS)
    guild.members[ana.id].role.permissions.clear()
    guild.owner_id = ana.id
    assert channel.permissions_of(ana.id) == frozenset(BITS)


def test_overwrites_apply_to_everyone_then_roles_then_members(guild: Guild, channel: Channel, ana: User) -> None:
    role = guild.members[ana.id].role.id
    channel.set_overwrite(guild.id, deny=["send_messages"], is_role=True)
    assert "send_messages" not in channel.permissions_of(ana.id)
    assert "send_messages" not in channel.bot_permissions
    channel.set_overwrite(role, allow=["send_messages"], is_role=True)
    assert "send_messages" in channel.permissions_of(ana.id)
    channel.set_overwrite(ana.id, deny=["send_messages"])
    assert "send_messages" not in channel.permissions_of(ana.id)
    channel.set_overwrite(ana.id, allow=["send_messages"])
    assert "send_messages" in channel.permissions_of(ana.id)
    assert channel.overwrites[ana.id].deny == set()


def test_without_view_channel_nothing_is_left(channel: Channel, ana: User) -> None:
    channel.set_overwrite(ana.id, deny=["view_channel"])
    assert channel.permissions_of(ana.id) == frozenset()
    assert not channel.is_visible_to(ana.id)


def test_a_timeout_leaves_reading_until_it_ends(world: World, guild: Guild, channel: Channel, ana: User) -> None:
    channel.set_overwrite(ana.id, allow=["send_messages"])
    guild.time_out(ana.id, 60)
    assert guild.permissions_of(ana.id) == channel.permissions_of(ana.id) == TIMED_OUT
    world.clock.advance(seconds=61)
    assert "send_messages" in channel.permissions_of(ana.id)


def test_administrators_and_the_owner_are_exempt_from_timeouts(guild: Guild, channel: Channel, ana: User) -> None:
    guild.grant(ana.id, ["administrator"])
    guild.time_out(ana.id, 60)
    assert "send_messages" in channel.permissions_of(ana.id)


def test_the_bot_can_be_timed_out(world: World, guild: Guild, channel: Channel) -> None:
    guild.time_out(world.bot.id, 60)
    assert channel.bot_permissions == TIMED_OUT


def test_threads_take_permissions_and_age_restriction_from_their_channel(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    thread = world.add_thread(channel, "a thread", [ana.id])
    channel.age_restricted = True
    channel.set_overwrite(ana.id, deny=["attach_files"])
    assert thread.permissions_of(ana.id) == MEMBER - {"attach_files"}
    assert thread.send_permission == "send_messages_in_threads"
    assert thread.is_age_restricted


def test_private_threads_are_visible_to_their_members_and_moderators(
    world: World, guild: Guild, channel: Channel, ana: User
) -> None:
    ben = world.add_user("ben")
    guild.join(ben)
    thread = world.add_thread(channel, "private", [ana.id], is_private=True)
    assert thread.is_visible_to(ana.id)
    assert not thread.is_visible_to(ben.id)
    assert not thread.is_visible_to(world.bot.id)
    guild.grant(ben.id, ["manage_threads"])
    assert thread.is_visible_to(ben.id)


def test_direct_messages_are_visible_to_the_people_in_them(world: World, ana: User) -> None:
    ben, cleo = world.add_user("ben"), world.add_user("cleo")
    private = world.private_channel(ana, ben)
    assert private.is_visible_to(ana.id)
    assert not private.is_visible_to(cleo.id)
    assert "view_channel" not in private.bot_permissions
    assert "send_messages" in world.direct_channel(ana).bot_permissions


def test_a_server_without_the_bot_gives_it_no_permissions(world: World) -> None:
    guild = world.add_guild("Elsewhere", ["there"], has_bot=False)
    assert guild.bot_permissions == set()
    assert next(iter(guild.channels.values())).bot_permissions == frozenset()
