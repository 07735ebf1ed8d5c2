"""Discord's JSON for servers, their roles, members, channels and threads."""

from __future__ import annotations

from playground.wire.users import user_json
from playground.world import DM, Channel, Guild, Json, Role, World, permissions


def role_json(role: Role, position: int = 1) -> Json:
    return {
        "id": str(role.id),
        "name": role.name,
        "permissions": str(permissions.bits(role.permissions)),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.is_managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def member_json(world: World, guild: Guild, user_id: int) -> Json:
    member = guild.member(user_id)
    assert member is not None
    until = member.timed_out_until
    return {
        "user": user_json(world.users[user_id]),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(member.role.id)],
        "joined_at": member.joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": world.clock.timestamp(until) if until else None,
    }


def channel_json(world: World, channel: Channel, position: int = 0) -> Json:
    """A channel, a thread, or direct messages."""
    data: Json = {"id": str(channel.id), "type": channel.kind, "flags": 0, "last_message_id": None}
    if channel.guild is None:
        data["recipients"] = [user_json(user) for user in channel.people]
        if channel.kind != DM:
            data |= {"name": None, "icon": None, "owner_id": str(channel.people[0].id)}
        return data
    data |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": 0}
    if channel.parent is not None:
        return {**data, "parent_id": str(channel.parent.id), **_thread_fields(world, channel)}
    overwrites = [
        {
            "id": str(target_id),
            "type": 0 if overwrite.is_role else 1,
            "allow": str(permissions.bits(overwrite.allow)),
            "deny": str(permissions.bits(overwrite.deny)),
        }
        for target_id, overwrite in channel.overwrites.items()
    ]
    return {
        **data,
        "position": position,
        "topic": None,
        "nsfw": channel.age_restricted,
        "parent_id": None,
        "permission_overwrites": overwrites,
    }


def guild_json(server: Guild) -> Json:
    return {
        "id": str(server.id),
        "name": server.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(server.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role_json(role, position) for position, role in enumerate(server.roles)],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def own_guild_json(server: Guild) -> Json:
    """The short form used in the list of the bot's servers."""
    return {
        "id": str(server.id),
        "name": server.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "features": [],
        "permissions": str(permissions.bits(server.bot_permissions)),
    }


def guild_create_json(world: World, server: Guild) -> Json:
    """The GUILD_CREATE event: the server and everything in it, except threads that the bot can't see."""
    people = [member_json(world, server, user_id) for user_id in (world.bot.id, *server.members)]
    channels = [channel for channel in server.channels.values() if not channel.is_thread]
    threads = [
        channel
        for channel in server.channels.values()
        if channel.is_thread and not channel.is_archived and channel.is_visible_to(world.bot.id)
    ]
    return {
        **guild_json(server),
        "joined_at": server.bot.joined_at if server.bot else None,
        "large": False,
        "unavailable": False,
        "member_count": len(people),
        "voice_states": [],
        "members": people,
        "channels": [channel_json(world, channel, number) for number, channel in enumerate(channels)],
        "threads": [channel_json(world, thread) for thread in threads],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "hub_type": None,
    }


def _thread_fields(world: World, thread: Channel) -> Json:
    sent = sum(record.only_for is None for record in thread.messages.values())
    deleted = sum(record.deleted for record in thread.messages.values())
    joined = thread.thread_members
    data: Json = {
        "owner_id": str(next(iter(joined), world.bot.id)),
        "message_count": sent - deleted,
        "member_count": len(joined),
        "total_message_sent": sent,
        "thread_metadata": {
            "archived": thread.is_archived,
            "archive_timestamp": world.clock.timestamp(),
            "auto_archive_duration": 1440,
            "locked": thread.is_locked,
        },
    }
    if (own := joined.get(world.bot.id)) is not None:
        data["member"] = {"id": str(thread.id), "user_id": str(world.bot.id), "join_timestamp": own, "flags": 0}
    return data
