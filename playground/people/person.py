"""People: what a human can do in Discord's client, and see there. Tests, scripts and the page use the same methods."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from playground.actions import posting
from playground.actions.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Interaction
from playground.errors import ApiError, NotPossible
from playground.people.forms import choose, fill_form
from playground.people.options import fill_options, find_command, find_entry, nest, split_typed
from playground.people.replies import Reply
from playground.server import Server
from playground.wire import payloads
from playground.wire.views import Choice, Message, Modal
from playground.world import Channel, Json, MessageRecord, User, permissions

NO_ANSWER = "The application did not respond"


@contextmanager
def _refusals() -> Iterator[None]:
    """What the server refuses, as its client would say it."""
    try:
        yield
    except ApiError as error:
        raise NotPossible(str(error).rpartition("\n")[2]) from error


class Person:
    """Somebody with Discord's client open in one channel."""

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

    def may(self, *names: str) -> None:
        """Give permissions in the server."""
        permissions.bits(names)
        guild = self.channel.guild or self._server.guild  # who is in a direct channel now is still a member
        guild.members[self.user.id].update(names)

    def go_to(self, channel: Channel) -> None:
        """Open another channel; entering a server for the first time is joining it."""
        if channel.guild is not None:
            channel.guild.members.setdefault(self.user.id, set())
        self.channel = channel

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """The messages of a channel, the oldest first."""
        return [self._server.view(record, self.user) for record in self._visible(channel or self.channel)]

    def direct_messages(self) -> list[Message]:
        """What the bot wrote to this person alone."""
        return self.sees(self._world.direct_channel(self.user))

    async def say(self, content: str, files: Sequence[tuple[str, bytes]] = ()) -> Message:
        """Write a message.

        Raises: NotPossible.
        """
        with _refusals():
            record = posting.post(self._world, self.channel, self.user, {"content": content}, files)
        return self._server.view(record, self.user)

    async def slash(self, command: str, /, *, _age: timedelta | None = None, **options: Any) -> Reply:
        """Send a command: `slash("preset save", name="x")`. Returns when the bot acknowledged it, or failed to.

        Raises: NotPossible.
        """
        node, chain = find_command(self._world, self.channel, self.user, command)
        described = (chain[-1] if chain else node).get("options") or []
        filled, resolved = fill_options(self._world, self.channel, described, options)
        data = self._command_data(node, nest(chain, filled), resolved)
        return await self._interact(COMMAND, data, age=_age)

    async def autocomplete(self, command: str, option: str, /, typed: str = "", **options: Any) -> list[Choice]:
        """What is offered for `option` when `typed` is typed into it and the other options are as given.

        Raises: NotPossible, also if the bot does not answer in time.
        """
        node, chain = find_command(self._world, self.channel, self.user, command)
        described = (chain[-1] if chain else node).get("options") or []
        focused = next((one for one in described if one["name"] == option), None)
        if focused is None or not focused.get("autocomplete"):
            raise NotPossible(f"/{command} completes no option called '{option}'.")
        filled, _ = fill_options(self._world, self.channel, described, options, complete=False)
        filled.append({"name": option, "type": focused["type"], "value": typed, "focused": True})
        data = self._command_data(node, nest(chain, filled), {})
        interaction = await self._sent(AUTOCOMPLETE, data, None, None)
        if not interaction.acknowledged.is_set():
            raise NotPossible("Loading options failed")
        return [Choice(one["name"], one["value"]) for one in interaction.choices]

    async def types(self, line: str) -> Reply:
        """Send a command as it is typed: `/imagine prompt:a red fish in the sea cfg:6`.

        Raises: NotPossible.
        """
        command, options = split_typed(self._world, self.channel, self.user, line)
        typed: dict[str, Any] = dict(options)
        return await self.slash(command, **typed)

    async def completes(self, line: str) -> list[Choice]:
        """What is offered for the last option of a line as it is being typed.

        Raises: NotPossible.
        """
        command, options = split_typed(self._world, self.channel, self.user, line)
        if not options:
            raise NotPossible("Nothing is being typed into an option.")
        option = list(options)[-1]
        return await self.autocomplete(command, option, options.pop(option), **options)

    async def context_menu(self, name: str, message: Message) -> Reply:
        """Use an "Apps" entry of a message.

        Raises: NotPossible.
        """
        record = self._record(message)
        if record.only_for is not None:
            raise NotPossible("The menu of a message that only you can see offers no apps.")
        command = find_entry(self._world, self.channel, self.user, name)
        resolved = {"messages": {str(record.id): payloads.message(record, self.user.id)}}
        data = {**self._command_data(command, [], resolved), "target_id": str(record.id)}
        return await self._interact(COMMAND, data)

    async def click(self, message: Message, button: str) -> Reply:
        """Press a button, named by its label, emoji or custom id.

        Raises: NotPossible.
        """
        record = self._record(message)
        current = self._server.view(record, self.user)
        found = next((one for one in current.buttons if one.is_called(button)), None)
        if found is None:
            names = ", ".join(one.label or one.emoji or "?" for one in current.buttons)
            raise NotPossible(f"There is no button '{button}' under this message. There are: {names or 'none'}.")
        if found.disabled or found.custom_id is None:
            raise NotPossible(f"The button '{button}' cannot be pressed.")
        data = {"custom_id": found.custom_id, "component_type": 2, "id": 1}
        return await self._interact(COMPONENT, data, message=record)

    async def select(self, message: Message, name: str, values: Sequence[str]) -> Reply:
        """Choose from a drop-down, named by its custom id or placeholder; values or labels.

        Raises: NotPossible.
        """
        record = self._record(message)
        current = self._server.view(record, self.user)
        found = next((one for one in current.selects if name in (one.custom_id, one.placeholder)), None)
        if found is None:
            raise NotPossible(f"There is no drop-down '{name}' under this message.")
        if found.disabled:
            raise NotPossible(f"The drop-down '{name}' cannot be used.")
        data = {"custom_id": found.custom_id, "component_type": 3, "values": choose(found, values, name), "id": 1}
        return await self._interact(COMPONENT, data, message=record)

    async def submit(self, modal: Modal, values: Mapping[str, str | Sequence[str]]) -> Reply:
        """Fill a form in, by labels or custom ids, and send it.

        Raises: NotPossible, for what the client would not let through.
        """
        components = fill_form(modal, values)
        opener = self._server.interactions.by_token.get(modal.token)
        data = {"custom_id": modal.custom_id, "components": components}
        return await self._interact(SUBMIT, data, message=opener.message if opener else None)

    async def react(self, message: Message, emoji: str) -> None:
        """Raises: NotPossible."""
        with _refusals():
            posting.react(self._world, self._record(message), self.user, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Raises: NotPossible."""
        with _refusals():
            posting.unreact(self._world, self._record(message), self.user, emoji)

    async def delete(self, message: Message) -> None:
        """Delete a message: one's own, or any with the permission to.

        Raises: NotPossible.
        """
        record = self._record(message)
        guild = record.channel.guild
        is_allowed = guild is None or "manage_messages" in guild.permissions_of(self.user.id)
        if record.author_id != self.user.id and not is_allowed:
            raise NotPossible("Only one's own messages can be deleted.")
        posting.delete(self._world, record)

    def _visible(self, channel: Channel) -> list[MessageRecord]:
        return [
            record
            for record in channel.messages.values()
            if not record.deleted and record.only_for in (None, self.user.id)
        ]

    def _record(self, message: Message) -> MessageRecord:
        record = self._world.channels[message.channel_id].messages.get(message.id)
        if record is None or record.deleted:
            raise NotPossible("The message was deleted.")
        if record.only_for not in (None, self.user.id):
            raise NotPossible("The message is not visible to this person.")
        return record

    def _command_data(self, command: Json, options: list[Json], resolved: Json) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        return {**data, "resolved": resolved} if resolved else data

    async def _interact(
        self, kind: int, data: Json, *, message: MessageRecord | None = None, age: timedelta | None = None
    ) -> Reply:
        interaction = await self._sent(kind, data, message, age)
        failed = None if interaction.acknowledged.is_set() else NO_ANSWER
        if failed:
            self._server.note(f"nobody acknowledged {kind} {data.get('name') or data.get('custom_id')}")
        return Reply(self._server, self.user, interaction, failed)

    async def _sent(self, kind: int, data: Json, message: MessageRecord | None, age: timedelta | None) -> Interaction:
        seconds = age.total_seconds() if age else 0.0
        channel = message.channel if message else self.channel
        interaction = self._server.interactions.create(kind, self.user, channel, data, message=message, age=seconds)
        if self._server.gateway.connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(interaction.acknowledged.wait(), self._server.interactions.ack_window)
        return interaction
