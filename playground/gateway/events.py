"""What a session receives when something happens: only with the right intent, and only where the bot can see it."""

from __future__ import annotations

from playground.wire.commands import command_rules_json
from playground.wire.guilds import channel_json, guild_create_json, member_json, role_json
from playground.wire.messages import message_event_json
from playground.world import Channel, Guild, Json, MessageRecord, World

GUILDS, MEMBERS, PRESENCES, GUILD_MESSAGES, GUILD_REACTIONS = 1 << 0, 1 << 1, 1 << 8, 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS, CONTENT = 1 << 12, 1 << 13, 1 << 15
ALL = (1 << 26) - 1
PRIVILEGED = MEMBERS | PRESENCES | CONTENT

_REACTION_EVENTS = {"MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"}


def event_json(
    world: World, intents: int, event: str, data: Json, channel: Channel | None, only_for: int | None
) -> Json | None:
    """An event's data for a session with these intents, or None if it isn't sent."""
    if event == "INTERACTION_CREATE":
        return data
    if event.startswith("MESSAGE_"):
        return _message_event(world, intents, event, data, channel, only_for)
    guild = guild_of(data, channel)
    if guild is None or guild.bot is None:
        return None
    if event == "GUILD_MEMBER_UPDATE":
        is_sent = intents & MEMBERS or data["user_id"] == world.bot.id  # the bot always learns about itself
        return {**member_json(world, guild, data["user_id"]), "guild_id": str(guild.id)} if is_sent else None
    if event == "APPLICATION_COMMAND_PERMISSIONS_UPDATE":
        return command_rules_json(world, guild, data["command_id"])
    return _guild_event(world, event, data, guild, channel) if intents & GUILDS else None


def guild_of(data: Json, channel: Channel | None) -> Guild | None:
    """The server an event happens in."""
    return channel.guild if channel is not None else data.get("guild")


def _guild_event(world: World, event: str, data: Json, guild: Guild, channel: Channel | None) -> Json | None:
    match event:
        case "GUILD_CREATE":
            return guild_create_json(world, guild)
        case "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE":
            return {"guild_id": str(guild.id), "role": role_json(data["role"])}
        case "CHANNEL_CREATE" | "CHANNEL_UPDATE" if channel is not None:
            return channel_json(world, channel)
        case "THREAD_CREATE" | "THREAD_UPDATE" if channel is not None and channel.is_visible_to(world.bot.id):
            return channel_json(world, channel) | ({"newly_created": True} if event == "THREAD_CREATE" else {})
    return None


def _message_event(
    world: World, intents: int, event: str, data: Json, channel: Channel | None, only_for: int | None
) -> Json | None:
    if channel is None or "view_channel" not in channel.bot_permissions:
        return None
    direct = channel.guild is None or only_for is not None
    if event in _REACTION_EVENTS:
        needed = DIRECT_REACTIONS if direct else GUILD_REACTIONS
    else:
        needed = DIRECT_MESSAGES if direct else GUILD_MESSAGES
    if not intents & needed:
        return None
    return _message(world, intents, data["record"]) if "record" in data else data


def _message(world: World, intents: int, record: MessageRecord) -> Json:
    data = message_event_json(world, record, world.bot.id)
    is_own = record.author_id == world.bot.id
    mentioned = any(user["id"] == str(world.bot.id) for user in data["mentions"])
    if not (intents & CONTENT or is_own or mentioned or record.channel.guild is None):
        data |= {"content": "", "embeds": [], "attachments": [], "components": []}
    return data
