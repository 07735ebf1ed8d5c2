"""Users, servers, channels and messages.

Messages are kept as Discord's own JSON, so what one client wrote is what another reads.
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
    """A text channel, or a direct channel between the bot and one person (`guild` is None then)."""

    id: int
    name: str
    guild: Guild | None
    recipient: User | None = None
    #: what the bot may not do here although it may in the server
    denied_to_bot: set[str] = field(default_factory=set)
    messages: OrderedDict[int, MessageRecord] = field(default_factory=OrderedDict)

    def deny_bot(self, *names: str) -> None:
        """Take permissions from the bot in this channel."""
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
    #: the role that the bot got with its invitation
    bot_role_id: int
    joined_at: str
    channels: dict[int, Channel] = field(default_factory=dict)
    #: member → permissions beyond those of everyone
    members: dict[int, set[str]] = field(default_factory=dict)
    bot_permissions: set[str] = field(default_factory=lambda: set(permissions.BOT))

    def permissions_of(self, user_id: int) -> frozenset[str]:
        extra = self.members.get(user_id, set())
        return frozenset(permissions.BITS) if "administrator" in extra else permissions.MEMBER | extra


@dataclass
class MessageRecord:
    """A message as JSON, and what JSON does not tell."""

    data: Json
    channel: Channel
    author_id: int
    #: the only person who sees it
    only_for: int | None = None
    deleted: bool = False
    #: emoji → who reacted
    reactions: OrderedDict[str, set[int]] = field(default_factory=OrderedDict)

    @property
    def id(self) -> int:
        return int(self.data["id"])
