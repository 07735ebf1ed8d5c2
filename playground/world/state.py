"""The state of the whole playground, in memory and independent of HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from playground.world.clock import Clock
from playground.world.records import Channel, Guild, Json, MessageRecord, User

#: (event, data, channel, the id of the only user who may see it or None for everyone who sees the channel)
Listener = Callable[[str, Json, Channel | None, int | None], None]
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

    def add_guild(self, name: str, channels: Iterable[str]) -> Guild:
        """A server that the bot is in; a bot that is already connected receives it as an event."""
        guild = Guild(
            self.clock.snowflake(), name, self.clock.snowflake(), self.clock.snowflake(), self.clock.timestamp()
        )
        self.guilds[guild.id] = guild
        for channel in channels:
            self.add_channel(guild, channel)
        self.emit("GUILD_CREATE", {"guild": guild})
        return guild

    def add_channel(self, guild: Guild, name: str) -> Channel:
        channel = Channel(self.clock.snowflake(), name, guild)
        guild.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def direct_channel(self, user: User) -> Channel:
        """The direct messages between the bot and a user, created on first use."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.clock.snowflake(), user.name, None, user)
        self.channels[channel.id] = channel
        return channel

    def find_message(self, message_id: int) -> MessageRecord | None:
        for channel in self.channels.values():
            record = channel.messages.get(message_id)
            if record is not None and not record.deleted:
                return record
        return None

    def store_file(self, filename: str, data: bytes) -> int:
        """Store an attachment, dropping the oldest ones beyond `MAX_STORED_BYTES`."""
        attachment_id = self.clock.snowflake()
        self.attachments[attachment_id] = (filename, data)
        while sum(len(data) for _, data in self.attachments.values()) > MAX_STORED_BYTES:
            self.attachments.popitem(last=False)
        return attachment_id

    def commands_in(self, guild_id: int | None) -> list[Json]:
        """The commands available in a server, or in direct messages for None."""
        return [command for (guild, _, _), command in self.commands.items() if guild in (None, guild_id)]


def _token(bot_id: int) -> str:
    """A token in Discord's format: some clients read the bot's id from its first part."""
    first = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    last = hashlib.sha256(first.encode()).hexdigest()[:38]
    return f"{first}.playgr.{last}"
