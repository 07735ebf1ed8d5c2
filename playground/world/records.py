"""Users, servers, channels and messages.

Messages are stored as Discord's own JSON, so every client reads back exactly what another one wrote.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from playground.world import permissions

Json = dict[str, Any]

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15


@dataclass
class User:
    """A person or the bot."""

    id: int
    name: str
    is_bot: bool = False


@dataclass
class Channel:
    """A text channel, or the direct messages between the bot and one person (then `guild` is None)."""

    id: int
    name: str
    guild: Guild | None
    recipient: User | None = None
    #: permissions the bot has in the server but not in this channel
    denied_to_bot: set[str] = field(default_factory=set)
    messages: OrderedDict[int, MessageRecord] = field(default_factory=OrderedDict)

    def deny_bot(self, *names: str) -> None:
        """Deny the bot these permissions in this channel."""
        permissions.bits(names)
        self.denied_to_bot.update(names)

    @property
    def bot_permissions(self) -> frozenset[str]:
        granted = self.guild.bot_permissions if self.guild else permissions.BOT
        return frozenset(granted) - self.denied_to_bot


@dataclass
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    #: the managed role that the bot's invitation created
    bot_role_id: int
    joined_at: str
    channels: dict[int, Channel] = field(default_factory=dict)
    #: member → permissions beyond @everyone's
    members: dict[int, set[str]] = field(default_factory=dict)
    bot_permissions: set[str] = field(default_factory=lambda: set(permissions.BOT))

    def permissions_of(self, user_id: int) -> frozenset[str]:
        extra = self.members.get(user_id, set())
        return frozenset(permissions.BITS) if "administrator" in extra else permissions.MEMBER | extra


@dataclass
class MessageRecord:
    """A message as JSON, plus what the JSON doesn't contain."""

    data: Json
    channel: Channel
    author_id: int
    #: the only user who can see it
    only_for: int | None = None
    deleted: bool = False
    #: emoji → ids of the users who reacted
    reactions: OrderedDict[str, set[int]] = field(default_factory=OrderedDict)

    @property
    def id(self) -> int:
        return int(self.data["id"])
