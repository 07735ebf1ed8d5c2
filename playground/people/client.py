"""A person's client: what it shows, and what it sends to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playground.actions.interactions import Interaction
from playground.errors import ApiError, NotPossible
from playground.people.replies import Reply
from playground.server import Server
from playground.wire.views import Message
from playground.world import Channel, Json, MessageRecord, User

NO_ANSWER = "The application did not respond"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the server's errors into the messages that its client would show."""
    try:
        yield
    except ApiError as error:
        raise NotPossible(str(error).rpartition("\n")[2]) from error


class Client:
    """A user with Discord's client open in one channel."""

    def __init__(self, server: Server, user: User, channel: Channel) -> None:
        self._server = server
        self._world = server.world
        self.user = user
        self.channel = channel

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def id(self) -> int:
        return self.user.id

    def _granted(self, channel: Channel) -> frozenset[str]:
        return channel.permissions_of(self.id)

    def _visible(self, channel: Channel) -> list[MessageRecord]:
        if not channel.is_visible_to(self.id):
            return []
        return [
            record
            for record in channel.messages.values()
            if not record.deleted and record.only_for in (None, self.user.id)
        ]

    def _record(self, message: Message) -> MessageRecord:
        record = self._world.channels[message.channel_id].messages.get(message.id)
        if record is None or record.deleted:
            raise NotPossible("The message was deleted.")
        if record.only_for not in (None, self.user.id) or not record.channel.is_visible_to(self.id):
            raise NotPossible(f"{self.name} can't see this message.")
        return record

    def _usable(self, message: Message) -> MessageRecord:
        """A message whose controls can be used."""
        record = self._record(message)
        guild = record.channel.guild
        if guild is not None and guild.is_timed_out(self.id) and "administrator" not in self._granted(record.channel):
            raise NotPossible(f"{self.name} can't use buttons or drop-downs during their timeout.")
        if record.channel.is_archived:
            raise NotPossible("Buttons and drop-downs can't be used in an archived thread.")
        return record

    def _command_data(self, command: Json, options: list[Json], resolved: Json) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        return {**data, "resolved": resolved} if resolved else data

    async def _interact(
        self,
        kind: int,
        data: Json,
        *,
        message: MessageRecord | None = None,
        opener: Interaction | None = None,
        age: float = 0,
    ) -> Reply:
        interaction = await self._sent(kind, data, message=message, opener=opener, age=age)
        failed = None if interaction.acknowledged.is_set() else NO_ANSWER
        if failed:
            self._server.note(
                f"not acknowledged: interaction of type {kind}, {data.get('name') or data.get('custom_id')}"
            )
        return Reply(self._server, self.user, interaction, failed)

    async def _sent(
        self,
        kind: int,
        data: Json,
        *,
        message: MessageRecord | None = None,
        opener: Interaction | None = None,
        age: float = 0,
    ) -> Interaction:
        """Send an interaction and wait until the bot acknowledges it; `opener` opened the form being submitted."""
        message = opener.message if opener else message
        channel = message.channel if message else self.channel
        owners = opener.owners if opener else None
        interaction = self._server.interactions.create(
            kind, self.user, channel, data, message=message, age=age, owners=owners
        )
        if self._server.gateway.connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(interaction.acknowledged.wait(), self._server.interactions.ack_window)
        return interaction
