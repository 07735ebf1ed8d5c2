"""Create, edit and delete messages and reactions, for people and bots alike, and emit the events."""

from __future__ import annotations

from typing import Any

from playground.errors import ApiError, empty_message, invalid, unknown_message
from playground.rules.messages import check_files, check_message
from playground.wire import payloads
from playground.wire.components import walk
from playground.world import COMPONENTS_V2, EPHEMERAL, LOADING, Channel, Files, Json, MessageRecord, User, World

MAX_REACTIONS = 20  # distinct emoji on a message
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
        "author": payloads.user(author),
        "content": body.get("content") or "",
        "timestamp": world.clock.timestamp(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": _mentions(world, body),
        "mention_roles": [],
        "pinned": False,
        "flags": flags,
        "attachments": _attachments(world, channel, body, files, []),
        "embeds": [],
        "components": [],
        **(extra or {}),
    }
    if body.get("nonce") is not None:
        data["nonce"] = body["nonce"]
    if reference := body.get("message_reference"):
        data |= _reply(world, channel, reference)
    data["embeds"] = _embeds(body, data["attachments"])
    data["components"] = _components(body.get("components") or [], data["attachments"])
    record = MessageRecord(data, channel, author.id, only_for)
    channel.messages[message_id] = record
    if body.get("nonce") is not None and body.get("enforce_nonce"):
        world.nonces[channel.id, author.id, str(body["nonce"])] = message_id, world.clock.now()
    _emit(world, "MESSAGE_CREATE", record)
    return record


def edit(world: World, record: MessageRecord, body: Json, files: Files = ()) -> MessageRecord:
    """Change the fields in `body` and leave the others."""
    if record.deleted:
        raise unknown_message()
    data = record.data
    check_message(body, has_files=bool(files), creates=False, was_v2=bool(data["flags"] & COMPONENTS_V2))
    check_files(files, world.upload_limit)
    edited = dict(data)
    if "content" in body:
        edited["content"], edited["mentions"] = body["content"] or "", _mentions(world, body)
    if "attachments" in body or files:
        edited["attachments"] = _attachments(world, record.channel, body, files, data["attachments"])
    if "embeds" in body:
        edited["embeds"] = _embeds(body, edited["attachments"])
    if "components" in body:
        edited["components"] = _components(body["components"] or [], edited["attachments"])
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


def react(world: World, record: MessageRecord, user: User, emoji: str) -> None:
    if record.only_for is not None:
        raise ApiError(403, 50013, "Missing Permissions")
    if emoji not in record.reactions and len(record.reactions) >= MAX_REACTIONS:
        raise ApiError(403, 30010, "Maximum number of reactions reached (20)")
    people = record.reactions.setdefault(emoji, set())
    if user.id not in people:
        people.add(user.id)
        event = payloads.reaction_event(world, record, user.id, emoji)
        world.emit("MESSAGE_REACTION_ADD", event, record.channel)


def unreact(world: World, record: MessageRecord, user: User, emoji: str) -> None:
    people = record.reactions.get(emoji, set())
    if user.id not in people:
        raise ApiError(404, 10014, "Unknown Emoji")
    people.discard(user.id)
    if not people:
        del record.reactions[emoji]
    event = payloads.reaction_event(world, record, user.id, emoji)
    event.pop("member", None)
    world.emit("MESSAGE_REACTION_REMOVE", event, record.channel)


def _emit(world: World, event: str, record: MessageRecord) -> None:
    world.emit(event, {"record": record}, record.channel, record.only_for)


def _same_nonce(world: World, channel: Channel, author: User, body: Json) -> MessageRecord | None:
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    earlier = world.nonces.get((channel.id, author.id, str(body["nonce"])))
    if earlier is None or world.clock.now() - earlier[1] > NONCE_LIFE:
        return None
    return channel.messages.get(earlier[0])


def _mentions(world: World, body: Json) -> list[Json]:
    content = body.get("content") or ""
    return [payloads.user(user) for user in world.users.values() if f"<@{user.id}>" in content]


def _reply(world: World, channel: Channel, reference: Json) -> Json:
    replied = channel.messages.get(int(reference["message_id"]))
    if replied is None or replied.deleted:
        if reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return {}
    data: Json = {
        "type": 19,
        "message_reference": {"type": 0, "message_id": str(replied.id), "channel_id": str(channel.id)},
        "referenced_message": payloads.message(replied, world.bot.id),
    }
    if channel.guild is not None:
        data["message_reference"]["guild_id"] = str(channel.guild.id)
    return data


def _attachments(world: World, channel: Channel, body: Json, files: Files, kept: list[Json]) -> list[Json]:
    """New uploads, after the earlier attachments that the body lists; a body without a list keeps them all."""
    listed = body.get("attachments")
    descriptions = {str(item["id"]): item.get("description") for item in listed or []}
    staying = [old for old in kept if listed is None or old["id"] in descriptions]
    staying = [{**old, "description": new} if (new := descriptions.get(old["id"])) else old for old in staying]
    new = [
        payloads.attachment(world, channel, world.store_file(name, data), descriptions.get(str(number)))
        for number, (name, data) in enumerate(files)
    ]
    return [*staying, *new]


def _embeds(body: Json, attachments: list[Json]) -> list[Json]:
    """The embeds, with each `attachment://name` replaced by the URL of the uploaded picture."""
    embeds = [{"type": "rich", **_copy(embed)} for embed in body.get("embeds") or []]
    for media in (embed[key] for embed in embeds for key in ("image", "thumbnail") if key in embed):
        if (upload := _uploaded(media, attachments)) is not None:
            media |= {key: upload[key] for key in ("url", "proxy_url", "width", "height") if key in upload}
    return embeds


def _uploaded(media: Json, attachments: list[Json]) -> Json | None:
    """The attachment that `attachment://name` refers to."""
    return next((file for file in attachments if media.get("url") == f"attachment://{file['filename']}"), None)


def _components(components: list[Json], attachments: list[Json]) -> list[Json]:
    """The components with ids, as Discord assigns them, and with each `attachment://name` resolved."""
    copies = [_copy(component) for component in components]
    for number, component in enumerate(walk(copies), start=1):
        component["id"] = number
        if (component.get("emoji") or {}).get("id", "") is None:
            del component["emoji"]["id"]
        holders = [*(component.get("items") or []), component]
        for media in (holder["media"] for holder in holders if "media" in holder):
            if (upload := _uploaded(media, attachments)) is None:
                if str(media.get("url")).startswith("attachment://"):
                    code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
                    raise invalid("components", code, f"There is no file {media['url']}")
            else:
                kept = ("url", "proxy_url", "width", "height", "content_type")
                media |= {key: upload[key] for key in kept if key in upload}
                media["attachment_id"], media["id"] = upload["id"], upload["id"]
    return copies


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items() if inner is not None}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
