"""Discord's JSON for messages, attachments and reactions."""

from __future__ import annotations

from typing import Any

from playground.wire.guilds import member_json
from playground.wire.pictures import picture_in
from playground.world import Channel, Json, MessageRecord, World


def message_json(record: MessageRecord, viewer_id: int) -> Json:
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


def message_event_json(world: World, record: MessageRecord, viewer_id: int) -> Json:
    """The message as gateway events carry it; ephemeral messages have neither `guild_id` nor `member`."""
    data = message_json(record, viewer_id)
    server = record.channel.guild
    if server is not None and record.only_for is None:
        data["guild_id"] = str(server.id)
        if record.author_id in server.members or record.author_id == world.bot.id:
            data["member"] = {
                key: value for key, value in member_json(world, server, record.author_id).items() if key != "user"
            }
    return data


def reaction_event_json(world: World, record: MessageRecord, user_id: int, emoji: str) -> Json:
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
        data["member"] = member_json(world, record.channel.guild, user_id)
    return data


def attachment_json(world: World, place: Channel, attachment_id: int, description: str | None) -> Json:
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
