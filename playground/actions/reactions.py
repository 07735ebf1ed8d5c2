"""Add and remove reactions, for people and bots alike, and emit the events."""

from __future__ import annotations

from playground.errors import ApiError, missing_permissions, unknown_emoji
from playground.rules.access import check_not_archived
from playground.rules.emoji import is_emoji
from playground.wire.messages import reaction_event_json
from playground.world import MessageRecord, User, World

MAX_REACTIONS = 20  # distinct emoji on a message


def react(world: World, record: MessageRecord, user: User, emoji: str) -> None:
    """Raises: ApiError 10014 for what isn't an emoji, 30010 for a 21st one."""
    check_not_archived(record.channel)
    if not is_emoji(emoji):
        raise unknown_emoji(400)
    if record.only_for is not None:
        raise missing_permissions()
    if emoji not in record.reactions and len(record.reactions) >= MAX_REACTIONS:
        raise ApiError(403, 30010, "Maximum number of reactions reached (20)")
    people = record.reactions.setdefault(emoji, set())
    if user.id not in people:
        people.add(user.id)
        event = reaction_event_json(world, record, user.id, emoji)
        world.emit("MESSAGE_REACTION_ADD", event, record.channel)


def unreact(world: World, record: MessageRecord, user: User, emoji: str) -> None:
    people = record.reactions.get(emoji, set())
    if user.id not in people:
        raise unknown_emoji(404)
    people.discard(user.id)
    if not people:
        del record.reactions[emoji]
    event = reaction_event_json(world, record, user.id, emoji)
    event.pop("member", None)
    world.emit("MESSAGE_REACTION_REMOVE", event, record.channel)
