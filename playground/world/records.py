"""Servers, channels and messages.

Messages are stored as Discord's own JSON, so every client reads back exactly what another one wrote.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from playground.world import permissions
from playground.world.clock import Clock
from playground.world.members import Member, Overwrite, Role, User

Json = dict[str, Any]
#: (event, data, channel, the id of the only user who may see it or None for everyone who sees the channel)
Listener = Callable[[str, Json, "Channel | None", int | None], None]

EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15

GUILD_TEXT, DM, GROUP_DM, PUBLIC_THREAD, PRIVATE_THREAD = 0, 1, 3, 11, 12
IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2  # contexts of interactions


@dataclass
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    clock: Clock
    emit: Callable[[str, Json, Channel | None], None]
    #: None where the bot hasn't been added, and only people who installed the app can use it
    bot: Member | None
    channels: dict[int, Channel] = field(default_factory=dict, init=False)
    #: people only; the bot isn't among them
    members: dict[int, Member] = field(default_factory=dict, init=False)
    #: what moderators set under Integrations: id of a command, or of the application for all → (kind, id) → allowed
    command_rules: dict[int, dict[tuple[int, int], bool]] = field(default_factory=dict, init=False)

    @property
    def bot_permissions(self) -> set[str]:
        """The bot's permissions in the server; changes to this set take effect."""
        return self.bot.role.permissions if self.bot else set()

    @property
    def everyone(self) -> Role:
        """@everyone, with no more permissions than the bot has, since the bot has this role too."""
        return Role(self.id, "@everyone", set(permissions.MEMBER) & self.bot_permissions)

    @property
    def roles(self) -> list[Role]:
        members = [*([self.bot] if self.bot else []), *self.members.values()]
        return [self.everyone, *(member.role for member in members)]

    def member(self, user_id: int) -> Member | None:
        if self.bot is not None and user_id == self.bot.user_id:
            return self.bot
        return self.members.get(user_id)

    def join(self, user: User) -> None:
        """Make a user a member, unless they are one already."""
        if user.id not in self.members:
            role = Role(self.clock.snowflake(), user.name, set(permissions.MEMBER))
            self.members[user.id] = Member(user.id, role, self.clock.timestamp())
            self.emit("GUILD_ROLE_CREATE", {"guild": self, "role": role}, None)

    def grant(self, user_id: int, names: Iterable[str]) -> None:
        """Give a member permissions.

        Raises: ValueError for an unknown name.
        """
        names = set(names)
        permissions.bits(names)
        role = self.members[user_id].role
        if not names <= role.permissions:
            role.permissions |= names
            self.emit("GUILD_ROLE_UPDATE", {"guild": self, "role": role}, None)

    def time_out(self, user_id: int, seconds: float) -> None:
        """Put a member, or the bot, in a timeout that starts now; 0 ends it."""
        member = self.member(user_id)
        assert member is not None
        member.timed_out_until = self.clock.now() + seconds
        self.emit("GUILD_MEMBER_UPDATE", {"guild": self, "user_id": user_id}, None)

    def set_command_rule(self, command_id: int, kind: int, target_id: int, *, allowed: bool) -> None:
        """Allow or forbid a command to a role (kind 1), a user (2) or in a channel (3), as under Integrations."""
        self.command_rules.setdefault(command_id, {})[kind, target_id] = allowed
        self.emit("APPLICATION_COMMAND_PERMISSIONS_UPDATE", {"guild": self, "command_id": command_id}, None)

    def is_timed_out(self, user_id: int) -> bool:
        member = self.member(user_id)
        return member is not None and member.timed_out_until > self.clock.now()

    def permissions_of(self, user_id: int) -> frozenset[str]:
        """A member's permissions in the whole server, before any channel's overwrites; none for strangers."""
        member = self.member(user_id)
        if member is None:
            return frozenset()
        if user_id == self.owner_id or "administrator" in member.role.permissions:
            return frozenset(permissions.BITS)
        granted = frozenset(member.role.permissions | self.everyone.permissions)
        return granted & permissions.TIMED_OUT if self.is_timed_out(user_id) else granted


@dataclass
class Channel:
    """A text channel or thread in a server, or direct messages (then `guild` is None)."""

    id: int
    name: str
    guild: Guild | None
    kind: int = GUILD_TEXT
    #: the people in direct messages; the bot is the other side of those with a single person
    people: tuple[User, ...] = ()
    #: the channel that a thread belongs to
    parent: Channel | None = None
    age_restricted: bool = False
    #: id of a role or user → overwrite
    overwrites: dict[int, Overwrite] = field(default_factory=dict, init=False)
    #: ids of the users in a thread; only they see it if it is private
    thread_members: dict[int, str] = field(default_factory=dict, init=False)
    is_archived: bool = field(default=False, init=False)
    is_locked: bool = field(default=False, init=False)
    messages: OrderedDict[int, MessageRecord] = field(default_factory=OrderedDict, init=False)

    @property
    def is_thread(self) -> bool:
        return self.parent is not None

    @property
    def is_age_restricted(self) -> bool:
        """Threads take this from their parent."""
        return (self.parent or self).age_restricted

    @property
    def has_bot(self) -> bool:
        """Whether the bot's account is here, rather than only people's installations of the app."""
        return self.guild.bot is not None if self.guild else len(self.people) == 1

    @property
    def context(self) -> int:
        if self.guild is not None:
            return IN_GUILD
        return IN_BOT_DM if self.has_bot else IN_PRIVATE

    @property
    def send_permission(self) -> str:
        return "send_messages_in_threads" if self.is_thread else "send_messages"

    @property
    def bot_permissions(self) -> frozenset[str]:
        if self.guild is None:
            return permissions.DIRECT | {"use_external_emojis"} if self.has_bot else permissions.PRIVATE
        return self.permissions_of(self.guild.bot.user_id) if self.guild.bot else frozenset()

    def permissions_of(self, user_id: int) -> frozenset[str]:
        """A user's permissions here. Empty without View Channel, which every other permission depends on."""
        if self.guild is None:
            return permissions.DIRECT if any(user.id == user_id for user in self.people) else frozenset()
        granted = self._after_overwrites(user_id)
        if "view_channel" not in granted:
            return frozenset()
        is_outside = self.kind == PRIVATE_THREAD and user_id not in self.thread_members
        return frozenset() if is_outside and "manage_threads" not in granted else granted

    def is_visible_to(self, user_id: int) -> bool:
        return "view_channel" in self.permissions_of(user_id)

    def set_overwrite(
        self, target_id: int, *, allow: Iterable[str] = (), deny: Iterable[str] = (), is_role: bool = False
    ) -> None:
        """Change the permissions of a member or role in this channel and leave other permissions alone.

        Raises: ValueError for an unknown name.
        """
        allow, deny = set(allow), set(deny)
        permissions.bits(allow | deny)
        overwrite = self.overwrites.setdefault(target_id, Overwrite(is_role))
        overwrite.allow = (overwrite.allow - deny) | allow
        overwrite.deny = (overwrite.deny - allow) | deny
        assert self.guild is not None
        self.guild.emit("CHANNEL_UPDATE", {"channel": self}, self)

    def deny_bot(self, *names: str) -> None:
        """Deny the bot these permissions in this channel."""
        assert self.guild is not None
        assert self.guild.bot is not None
        self.set_overwrite(self.guild.bot.user_id, deny=names)

    def archive(self, *, lock: bool = False) -> None:
        """Archive a thread; a locked one can only be reopened by moderators."""
        assert self.guild is not None
        self.is_archived, self.is_locked = True, lock
        self.guild.emit("THREAD_UPDATE", {"channel": self}, self)

    def unarchive(self) -> None:
        assert self.guild is not None
        self.is_archived = False
        self.guild.emit("THREAD_UPDATE", {"channel": self}, self)

    def _after_overwrites(self, user_id: int) -> frozenset[str]:
        guild = self.guild
        assert guild is not None
        granted, member = guild.permissions_of(user_id), guild.member(user_id)
        if member is None or granted == frozenset(permissions.BITS):
            return granted
        overwrites = (self.parent or self).overwrites
        for target_id in (guild.id, member.role.id, user_id):  # @everyone, then roles, then the member
            if (overwrite := overwrites.get(target_id)) is not None:
                granted = granted - overwrite.deny | overwrite.allow
        return granted & permissions.TIMED_OUT if guild.is_timed_out(user_id) else granted


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
