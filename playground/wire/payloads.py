"""Discord's JSON for everything in the world."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playground.wire.pictures import picture_in
from playground.world import Channel, Guild, Json, MessageRecord, User, World, permissions

GUILD_TEXT, DM = 0, 1


def user(account: User) -> Json:
    return {
        "id": str(account.id),
        "username": account.name,
        "discriminator": "0",
        "global_name": None if account.is_bot else account.name,
        "avatar": None,
        "bot": account.is_bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def member(world: World, guild: Guild, user_id: int) -> Json:
    return {
        "user": user(world.users[user_id]),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(guild.bot_role_id)] if user_id == world.bot.id else [],
        "joined_at": guild.joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }


def channel(place: Channel, position: int = 0) -> Json:
    if place.guild is None:
        assert place.recipient is not None
        return {
            "id": str(place.id),
            "type": DM,
            "flags": 0,
            "recipients": [user(place.recipient)],
            "last_message_id": None,
        }
    return {
        "id": str(place.id),
        "type": GUILD_TEXT,
        "flags": 0,
        "guild_id": str(place.guild.id),
        "name": place.name,
        "position": position,
        "topic": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "parent_id": None,
        "last_message_id": None,
        "permission_overwrites": [],
    }


def channel_for_bot(world: World, place: Channel, position: int = 0) -> Json:
    """The channel, with an overwrite for the permissions denied to the bot."""
    data = channel(place, position)
    if place.guild is not None and place.denied_to_bot:
        denied = str(permissions.bits(place.denied_to_bot))
        data["permission_overwrites"] = [{"id": str(world.bot.id), "type": 1, "allow": "0", "deny": denied}]
    return data


def guild(world: World, server: Guild) -> Json:
    everyone = _role(server.id, "@everyone", permissions.MEMBER & server.bot_permissions)
    invited = _role(server.bot_role_id, world.bot.name, server.bot_permissions) | {"position": 1, "managed": True}
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
        "roles": [everyone, invited],
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


def _role(role_id: int, name: str, granted: Iterable[str]) -> Json:
    return {
        "id": str(role_id),
        "name": name,
        "permissions": str(permissions.bits(granted)),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def guild_of_user(server: Guild) -> Json:
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


def guild_create(world: World, server: Guild) -> Json:
    """The GUILD_CREATE event: the server and everything in it."""
    people = [member(world, server, user_id) for user_id in (world.bot.id, *server.members)]
    channels = [channel_for_bot(world, place, number) for number, place in enumerate(server.channels.values())]
    return {
        **guild(world, server),
        "joined_at": server.joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(people),
        "voice_states": [],
        "members": people,
        "channels": channels,
        "threads": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "hub_type": None,
    }


def application(world: World) -> Json:
    return {
        "id": str(world.application_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(User(world.application_id, "owner")),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "eligible_oauth2_scopes": [],
        "bot": user(world.bot),
        "tags": [],
    }


def message(record: MessageRecord, viewer_id: int) -> Json:
    """The message as one viewer sees it, with reactions and whether each is their own."""
    reactions = [
        {
            "emoji": {"id": None, "name": emoji},
            "count": len(people),
            "me": viewer_id in people,
            "me_burst": False,
            "count_details": {"normal": len(people), "burst": 0},
            "burst_colors": [],
        }
        for emoji, people in record.reactions.items()
        if people
    ]
    return {**record.data, **({"reactions": reactions} if reactions else {})}


def message_event(world: World, record: MessageRecord, viewer_id: int) -> Json:
    """The message as gateway events carry it; ephemeral messages have neither `guild_id` nor `member`."""
    data = message(record, viewer_id)
    server = record.channel.guild
    if server is not None and record.only_for is None:
        data["guild_id"] = str(server.id)
        if record.author_id in server.members or record.author_id == world.bot.id:
            data["member"] = {
                key: value for key, value in member(world, server, record.author_id).items() if key != "user"
            }
    return data


def reaction_event(world: World, record: MessageRecord, user_id: int, emoji: str) -> Json:
    data: Json = {
        "user_id": str(user_id),
        "channel_id": str(record.channel.id),
        "message_id": str(record.id),
        "emoji": {"id": None, "name": emoji},
        "burst": False,
        "type": 0,
    }
    if world.names_authors:
        data["message_author_id"] = str(record.author_id)
    if record.channel.guild is not None:
        data["guild_id"] = str(record.channel.guild.id)
        data["member"] = member(world, record.channel.guild, user_id)
    return data


def attachment(world: World, place: Channel, attachment_id: int, description: str | None) -> Json:
    filename, data = world.attachments[attachment_id]
    url = f"{world.base_url}/attachments/{place.id}/{attachment_id}/{filename}"
    found: dict[str, Any] = {
        "id": str(attachment_id),
        "filename": filename,
        "size": len(data),
        "url": f"{url}?ex=0&is=0&hm=0",
        "proxy_url": f"{url}?ex=0&is=0&hm=0",
    }
    if description:
        found["description"] = description
    if (picture := picture_in(data)) is not None:
        found |= {"content_type": picture.content_type, "width": picture.width, "height": picture.height}
    return found
