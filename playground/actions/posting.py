"""Create, edit and delete messages, for people and bots alike, and emit the events."""

from __future__ import annotations

from playground.actions.media import resolved_components, resolved_embeds, stored_attachments
from playground.errors import empty_message, invalid, unknown_message
from playground.rules.access import check_not_archived
from playground.rules.messages import check_files, check_message
from playground.wire.messages import message_json
from playground.wire.users import user_json
from playground.world import COMPONENTS_V2, EPHEMERAL, LOADING, Channel, Files, Json, MessageRecord, User, World

NONCE_LIFE = 180.0  # seconds; Discord says "the past few minutes"
_BOT_MAY_SET = EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12  # suppress embeds, suppress notifications


def post(
    world: World,
    channel: Channel,
    author: User,
    body: Json,
    files: Files = (),
    *,
    only_for: int | None = None,
    extra: Json | None = None,
) -> MessageRecord:
    """A new message; `extra` holds the fields Discord adds itself, such as the interaction it responds to."""
    check_message(body, has_files=bool(files), creates=True)
    check_files(files, world.upload_limit)
    if (earlier := _same_nonce(world, channel, author, body)) is not None:
        return earlier
    message_id = world.clock.snowflake()
    flags = (body.get("flags") or 0) & _BOT_MAY_SET | (EPHEMERAL if only_for else 0)
    data: Json = {
        "id": str(message_id),
        "channel_id": str(channel.id),
        "type": 0,
        "author": user_json(author),
        "content": _trimmed(body),
        "timestamp": world.clock.timestamp(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": _mentions(world, body),
        "mention_roles": [],
        "pinned": False,
        "flags": flags,
        "attachments": stored_attachments(world, channel, body, files, []),
        "embeds": [],
        "components": [],
        **(extra or {}),
    }
    if body.get("nonce") is not None:
        data["nonce"] = body["nonce"]
    if reference := body.get("message_reference"):
        data |= _reply(world, channel, reference)
    data["embeds"] = resolved_embeds(body, data["attachments"])
    data["components"] = resolved_components(body.get("components") or [], data["attachments"])
    record = MessageRecord(data, channel, author.id, only_for)
    channel.messages[message_id] = record
    if channel.is_archived:
        channel.unarchive()
    if body.get("nonce") is not None and body.get("enforce_nonce"):
        world.nonces[channel.id, author.id, str(body["nonce"])] = message_id, world.clock.now()
    _emit(world, "MESSAGE_CREATE", record)
    return record


def edit(world: World, record: MessageRecord, body: Json, files: Files = ()) -> MessageRecord:
    """Change the fields in `body` and leave the others."""
    if record.deleted:
        raise unknown_message()
    check_not_archived(record.channel)
    data = record.data
    check_message(body, has_files=bool(files), creates=False, was_v2=bool(data["flags"] & COMPONENTS_V2))
    check_files(files, world.upload_limit)
    edited = dict(data)
    if "content" in body:
        edited["content"], edited["mentions"] = _trimmed(body), _mentions(world, body)
    if "attachments" in body or files:
        edited["attachments"] = stored_attachments(world, record.channel, body, files, data["attachments"])
    if "embeds" in body:
        edited["embeds"] = resolved_embeds(body, edited["attachments"])
    if "components" in body:
        edited["components"] = resolved_components(body["components"] or [], edited["attachments"])
    if not any(edited[key] for key in ("content", "attachments", "embeds", "components")):
        raise empty_message()
    edited["flags"] = (data["flags"] & ~LOADING) | ((body.get("flags") or 0) & COMPONENTS_V2)
    edited["edited_timestamp"] = world.clock.timestamp()
    record.data = edited
    _emit(world, "MESSAGE_UPDATE", record)
    return record


def delete(world: World, record: MessageRecord) -> None:
    record.deleted = True
    data = {"id": str(record.id), "channel_id": str(record.channel.id)}
    if record.channel.guild is not None and record.only_for is None:
        data["guild_id"] = str(record.channel.guild.id)
    world.emit("MESSAGE_DELETE", data, record.channel, record.only_for)


def _emit(world: World, event: str, record: MessageRecord) -> None:
    world.emit(event, {"record": record}, record.channel, record.only_for)


def _same_nonce(world: World, channel: Channel, author: User, body: Json) -> MessageRecord | None:
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    earlier = world.nonces.get((channel.id, author.id, str(body["nonce"])))
    if earlier is None or world.clock.now() - earlier[1] > NONCE_LIFE:
        return None
    return channel.messages.get(earlier[0])


def _trimmed(body: Json) -> str:
    """Discord trims whitespace at both ends."""
    return (body.get("content") or "").strip()


def _mentions(world: World, body: Json) -> list[Json]:
    content = body.get("content") or ""
    return [user_json(user) for user in world.users.values() if f"<@{user.id}>" in content]


def _reply(world: World, channel: Channel, reference: Json) -> Json:
    replied = channel.messages.get(int(reference["message_id"]))
    if replied is None or replied.deleted:
        if reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return {}
    data: Json = {
        "type": 19,
        "message_reference": {"type": 0, "message_id": str(replied.id), "channel_id": str(channel.id)},
        "referenced_message": message_json(replied, world.bot.id),
    }
    if channel.guild is not None:
        data["message_reference"]["guild_id"] = str(channel.guild.id)
    return data
