"""Permissions by the names discord.py and hikari use."""

from __future__ import annotations

from collections.abc import Iterable

BITS = {
    "kick_members": 1,
    "ban_members": 2,
    "administrator": 3,
    "manage_channels": 4,
    "manage_guild": 5,
    "add_reactions": 6,
    "view_channel": 10,
    "send_messages": 11,
    "manage_messages": 13,
    "embed_links": 14,
    "attach_files": 15,
    "read_message_history": 16,
    "mention_everyone": 17,
    "use_external_emojis": 18,
    "manage_roles": 28,
    "use_application_commands": 31,
    "manage_threads": 34,
    "create_public_threads": 35,
    "create_private_threads": 36,
    "send_messages_in_threads": 38,
    "moderate_members": 40,
    "use_external_apps": 50,
}

MEMBER = frozenset(
    {
        "add_reactions",
        "view_channel",
        "send_messages",
        "embed_links",
        "attach_files",
        "read_message_history",
        "use_application_commands",
        "use_external_emojis",
        "create_public_threads",
        "create_private_threads",
        "send_messages_in_threads",
        "use_external_apps",
    }
)
#: what the bot's invitation grants
BOT = MEMBER
#: the app's permissions in direct messages between people
PRIVATE = frozenset({"attach_files", "embed_links", "mention_everyone"})
#: everyone's permissions in direct messages
DIRECT = PRIVATE | {
    "add_reactions",
    "view_channel",
    "send_messages",
    "read_message_history",
    "use_application_commands",
    "use_external_apps",
}
#: what is left during a timeout
TIMED_OUT = frozenset({"view_channel", "read_message_history"})


def bits(names: Iterable[str]) -> int:
    """The bit field for these names.

    Raises: ValueError for an unknown name.
    """
    unknown = set(names) - BITS.keys()
    if unknown:
        raise ValueError(f"unknown permissions: {', '.join(sorted(unknown))}")
    return sum(1 << BITS[name] for name in set(names))


def names(field: int) -> frozenset[str]:
    """The names of the bits that are set; administrators have every permission."""
    if field >> BITS["administrator"] & 1:
        return frozenset(BITS)
    return frozenset(name for name, bit in BITS.items() if field >> bit & 1)
