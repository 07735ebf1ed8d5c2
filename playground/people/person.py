"""A person in Discord's client: what they can do and what they see. Tests, scripts and the page share these methods."""

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
from playground.people.options import fill_options, find_app, find_command, nest, split_typed
from playground.people.replies import Reply
from playground.server import Server
from playground.wire import payloads
from playground.wire.views import Choice, Message, Modal
from playground.world import Channel, Json, MessageRecord, User, permissions

NO_ANSWER = "The application did not respond"


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the server's errors into the messages that its client would show."""
    try:
        yield
    except ApiError as error:
        raise NotPossible(str(error).rpartition("\n")[2]) from error


class Person:
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

    def may(self, *names: str) -> None:
        """Grant permissions in the server."""
        permissions.bits(names)
        guild = self.channel.guild or self._server.guild  # people in direct messages are still members
        guild.members[self.user.id].update(names)

    def go_to(self, channel: Channel) -> None:
        """Open another channel, joining its server if necessary."""
        if channel.guild is not None:
            channel.guild.members.setdefault(self.user.id, set())
        self.channel = channel

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """The messages in a channel, oldest first."""
        return [self._server.view(record, self.user) for record in self._visible(channel or self.channel)]

    def direct_messages(self) -> list[Message]:
        """The person's direct messages with the bot."""
        return self.sees(self._world.direct_channel(self.user))

    async def say(self, content: str, files: Sequence[tuple[str, bytes]] = ()) -> Message:
        """Send a message.

        Raises: NotPossible.
        """
        with _refusals():
            record = posting.post(self._world, self.channel, self.user, {"content": content}, files)
        return self._server.view(record, self.user)

    async def slash(self, command: str, /, *, _age: timedelta | None = None, **options: Any) -> Reply:
        """Use a command: `slash("preset save", name="x")`. Returns once the bot acknowledged it or ran out of time.

        Raises: NotPossible.
        """
        node, chain = find_command(self._world, self.channel, self.user, command)
        described = (chain[-1] if chain else node).get("options") or []
        filled, resolved = fill_options(self._world, self.channel, described, options)
        data = self._command_data(node, nest(chain, filled), resolved)
        return await self._interact(COMMAND, data, age=_age)

    async def autocomplete(self, command: str, option: str, /, typed: str = "", **options: Any) -> list[Choice]:
        """The choices for `option` after typing `typed`, with the other options as given.

        Raises: NotPossible, also when the bot doesn't respond in time.
        """
        node, chain = find_command(self._world, self.channel, self.user, command)
        described = (chain[-1] if chain else node).get("options") or []
        focused = next((candidate for candidate in described if candidate["name"] == option), None)
        if focused is None or not focused.get("autocomplete"):
            raise NotPossible(f"/{command} has no option '{option}' with autocomplete.")
        filled, _ = fill_options(self._world, self.channel, described, options, complete=False)
        filled.append({"name": option, "type": focused["type"], "value": typed, "focused": True})
        data = self._command_data(node, nest(chain, filled), {})
        interaction = await self._sent(AUTOCOMPLETE, data, None, None)
        if not interaction.acknowledged.is_set():
            raise NotPossible("Loading options failed")
        return [Choice(choice["name"], choice["value"]) for choice in interaction.choices]

    async def types(self, line: str) -> Reply:
        """Use a command typed as one line: `/imagine prompt:a red fish in the sea cfg:6`.

        Raises: NotPossible.
        """
        command, options = split_typed(self._world, self.channel, self.user, line)
        typed: dict[str, Any] = dict(options)
        return await self.slash(command, **typed)

    async def completes(self, line: str) -> list[Choice]:
        """The choices for the last option of a half-typed line.

        Raises: NotPossible.
        """
        command, options = split_typed(self._world, self.channel, self.user, line)
        if not options:
            raise NotPossible("The line has no option to complete.")
        option = list(options)[-1]
        return await self.autocomplete(command, option, options.pop(option), **options)

    async def context_menu(self, name: str, message: Message) -> Reply:
        """Use a command from a message's Apps menu.

        Raises: NotPossible.
        """
        record = self._record(message)
        if record.only_for is not None:
            raise NotPossible("Apps aren't available on messages that only you can see.")
        command = find_app(self._world, self.channel, self.user, name)
        resolved = {"messages": {str(record.id): payloads.message(record, self.user.id)}}
        data = {**self._command_data(command, [], resolved), "target_id": str(record.id)}
        return await self._interact(COMMAND, data)

    async def click(self, message: Message, button: str) -> Reply:
        """Press a button, given its label, emoji or custom id.

        Raises: NotPossible.
        """
        record = self._record(message)
        current = self._server.view(record, self.user)
        found = next((candidate for candidate in current.buttons if candidate.is_called(button)), None)
        if found is None:
            names = ", ".join(candidate.label or candidate.emoji or "?" for candidate in current.buttons)
            raise NotPossible(f"This message has no button '{button}'. Its buttons: {names or 'none'}.")
        if found.disabled:
            raise NotPossible(f"The button '{button}' is disabled.")
        if found.custom_id is None:
            raise NotPossible(f"The button '{button}' is a link; the bot isn't told when it is pressed.")
        data = {"custom_id": found.custom_id, "component_type": 2, "id": 1}
        return await self._interact(COMPONENT, data, message=record)

    async def select(self, message: Message, name: str, values: Sequence[str]) -> Reply:
        """Select values or labels in a drop-down, given its custom id or placeholder.

        Raises: NotPossible.
        """
        record = self._record(message)
        current = self._server.view(record, self.user)
        found = next((select for select in current.selects if name in (select.custom_id, select.placeholder)), None)
        if found is None:
            raise NotPossible(f"This message has no drop-down '{name}'.")
        if found.disabled:
            raise NotPossible(f"The drop-down '{name}' is disabled.")
        data = {"custom_id": found.custom_id, "component_type": 3, "values": choose(found, values, name), "id": 1}
        return await self._interact(COMPONENT, data, message=record)

    async def submit(self, modal: Modal, values: Mapping[str, str | Sequence[str]]) -> Reply:
        """Fill in a form, by label or custom id, and send it.

        Raises: NotPossible for values the client wouldn't accept.
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
        """Delete one of their own messages, or any message given the Manage Messages permission.

        Raises: NotPossible.
        """
        record = self._record(message)
        guild = record.channel.guild
        is_allowed = guild is None or "manage_messages" in guild.permissions_of(self.user.id)
        if record.author_id != self.user.id and not is_allowed:
            raise NotPossible("You can only delete your own messages, unless you have the Manage Messages permission.")
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
            raise NotPossible(f"{self.name} can't see this message.")
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
            self._server.note(
                f"not acknowledged: interaction of type {kind}, {data.get('name') or data.get('custom_id')}"
            )
        return Reply(self._server, self.user, interaction, failed)

    async def _sent(self, kind: int, data: Json, message: MessageRecord | None, age: timedelta | None) -> Interaction:
        seconds = age.total_seconds() if age else 0.0
        channel = message.channel if message else self.channel
        interaction = self._server.interactions.create(kind, self.user, channel, data, message=message, age=seconds)
        if self._server.gateway.connected:
            with suppress(TimeoutError):
                await asyncio.wait_for(interaction.acknowledged.wait(), self._server.interactions.ack_window)
        return interaction
