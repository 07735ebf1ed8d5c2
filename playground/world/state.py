"""The state of the whole playground, in memory and independent of HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from playground.world import permissions
from playground.world.clock import Clock
from playground.world.members import Member, Role, User
from playground.world.metadata import without_metadata
from playground.world.records import (
    DM,
    GROUP_DM,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    Channel,
    Guild,
    Json,
    Listener,
    MessageRecord,
)

#: (file name, bytes), in the order of `files[n]`
Files = Sequence[tuple[str, bytes]]

MAX_STORED_BYTES = 512 * 1024 * 1024


class World:
    """Everything that exists, and the listeners that are called when something changes."""

    def __init__(self, clock: Clock, upload_limit: int = 10 * 1024 * 1024) -> None:
        self.clock = clock
        self.upload_limit = upload_limit
        #: whether reaction events name the message's author, which Discord doesn't guarantee
        self.names_authors = True
        #: whether uploads lose the text and metadata in them, as bots have seen happen to PNG, JPEG and WebP files
        self.strips_metadata = False
        self.base_url = ""  # set once the server is listening
        self.listeners: list[Listener] = []
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.attachments: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        #: (guild or None, name, type) → command
        self.commands: dict[tuple[int | None, str, int], Json] = {}
        #: (channel, author, nonce) → the message and when it was sent
        self.nonces: dict[tuple[int, int, str], tuple[int, float]] = {}
        #: gateway sessions that the bot may still start, and seconds until it may start a thousand again
        self.sessions_left, self.sessions_reset_after = 1000, 0.0
        self.bot = self.add_user("Negative Space", is_bot=True)
        self.application_id = self.bot.id
        self.token = _token(self.bot.id)

    def emit(self, event: str, data: Json, channel: Channel | None = None, only_for: int | None = None) -> None:
        """Call every listener."""
        for listener in list(self.listeners):
            listener(event, data, channel, only_for)

    def add_user(self, name: str, *, is_bot: bool = False) -> User:
        user = User(self.clock.snowflake(), name, is_bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, channels: Iterable[str], *, has_bot: bool = True) -> Guild:
        """A server; a bot that is in it and already connected receives it as an event."""
        bot = None
        if has_bot:
            role = Role(self.clock.snowflake(), self.bot.name, set(permissions.BOT), is_managed=True)
            bot = Member(self.bot.id, role, self.clock.timestamp())
        owner_id = self.clock.snowflake()
        guild = Guild(self.clock.snowflake(), name, owner_id, self.clock, self.emit, bot)
        self.guilds[guild.id] = guild
        for channel in channels:
            self._keep(Channel(self.clock.snowflake(), channel, guild))
        self.emit("GUILD_CREATE", {"guild": guild})
        return guild

    def add_channel(self, guild: Guild, name: str, *, age_restricted: bool = False) -> Channel:
        channel = self._keep(Channel(self.clock.snowflake(), name, guild, age_restricted=age_restricted))
        self.emit("CHANNEL_CREATE", {"channel": channel}, channel)
        return channel

    def add_thread(self, parent: Channel, name: str, members: Iterable[int], *, is_private: bool = False) -> Channel:
        """A thread in a channel; the first of its members owns it."""
        kind = PRIVATE_THREAD if is_private else PUBLIC_THREAD
        thread = self._keep(Channel(self.clock.snowflake(), name, parent.guild, kind, parent=parent))
        thread.thread_members.update(dict.fromkeys(members, self.clock.timestamp()))
        self.emit("THREAD_CREATE", {"channel": thread}, thread)
        return thread

    def direct_channel(self, user: User) -> Channel:
        """The direct messages between the bot and a user, created on first use."""
        for channel in self.channels.values():
            if channel.kind == DM and channel.people == (user,):
                return channel
        return self._keep(Channel(self.clock.snowflake(), user.name, None, DM, (user,)))

    def private_channel(self, *people: User) -> Channel:
        """Direct messages between two or more people, without the bot."""
        kind = DM if len(people) == 2 else GROUP_DM
        name = ", ".join(user.name for user in people)
        return self._keep(Channel(self.clock.snowflake(), name, None, kind, people))

    def find_message(self, message_id: int) -> MessageRecord | None:
        for channel in self.channels.values():
            record = channel.messages.get(message_id)
            if record is not None and not record.deleted:
                return record
        return None

    def store_file(self, filename: str, data: bytes) -> int:
        """Store an attachment, dropping the oldest ones beyond `MAX_STORED_BYTES`."""
        attachment_id = self.clock.snowflake()
        self.attachments[attachment_id] = (filename, without_metadata(data) if self.strips_metadata else data)
        while sum(len(data) for _, data in self.attachments.values()) > MAX_STORED_BYTES:
            self.attachments.popitem(last=False)
        return attachment_id

    def _keep(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels[channel.id] = channel
        return channel

    def commands_in(self, guild_id: int | None) -> list[Json]:
        """The commands available in a server, or in direct messages for None."""
        return [command for (guild, _, _), command in self.commands.items() if guild in (None, guild_id)]


def _token(bot_id: int) -> str:
    """A token in Discord's format: some clients read the bot's id from its first part."""
    first = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    last = hashlib.sha256(first.encode()).hexdigest()[:38]
    return f"{first}.playgr.{last}"
