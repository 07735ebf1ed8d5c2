"""A person in Discord's client: what they can do and what they see. Tests, scripts and the page share these methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from playground.actions import posting, reactions
from playground.actions.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT
from playground.errors import NotPossible
from playground.people.client import Client, refusals
from playground.people.commands import find_app, find_command, split_typed
from playground.people.forms import choose, fill_form
from playground.people.options import fill_options, nest
from playground.people.replies import Reply
from playground.people.resolving import Resolver
from playground.rules.access import check_send, check_view
from playground.wire.controls import Choice, Modal
from playground.wire.messages import message_json
from playground.wire.views import Message
from playground.world import Channel, Json


class Person(Client):
    """A user with Discord's client open in one channel."""

    def may(self, *names: str) -> None:
        """Grant permissions in the server."""
        guild = self.channel.guild or self._server.guild  # people in direct messages are still members
        guild.grant(self.user.id, names)

    def install_app(self) -> None:
        """Install the app to this person's account; its commands with that integration type follow them everywhere."""
        self.user.has_app = True

    def go_to(self, channel: Channel) -> None:
        """Open another channel, joining its server if necessary.

        Raises: NotPossible for a hidden channel.
        """
        if channel.guild is not None:
            channel.guild.join(self.user)
        if not channel.is_visible_to(self.user.id):
            raise NotPossible(f"{self.name} can't see #{channel.name}.")
        self.channel = channel

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """The messages in a channel, oldest first."""
        return [self._server.view(record, self.user) for record in self._visible(channel or self.channel)]

    def direct_messages(self) -> list[Message]:
        """The person's direct messages with the bot."""
        return self.sees(self._world.direct_channel(self.user))

    async def say(
        self, content: str, files: Sequence[tuple[str, bytes]] = (), *, reply_to: Message | None = None
    ) -> Message:
        """Send a message.

        Raises: NotPossible.
        """
        reference = {"message_reference": {"message_id": str(reply_to.id)}} if reply_to else {}
        body = {"content": content, **reference}
        with refusals():
            check_send(self.channel, self._granted(self.channel), body, has_files=bool(files))
            record = posting.post(self._world, self.channel, self.user, body, files)
        return self._server.view(record, self.user)

    def start_thread(self, name: str, *, private: bool = False) -> Channel:
        """Start a thread in the channel that is open.

        Raises: NotPossible.
        """
        with refusals():
            check_view(self._granted(self.channel), f"create_{'private' if private else 'public'}_threads")
        return self._world.add_thread(self.channel, name, [self.id], is_private=private)

    async def slash(self, command: str, /, *, _age: timedelta | None = None, **options: Any) -> Reply:
        """Use a command: `slash("preset save", name="x")`. Returns once the bot acknowledged it or ran out of time.

        Raises: NotPossible.
        """
        node, chain = find_command(self._world, self.channel, self.user, command)
        described = (chain[-1] if chain else node).get("options") or []
        filled, resolved = fill_options(self._world, self.channel, described, options)
        data = self._command_data(node, nest(chain, filled), resolved)
        return await self._interact(COMMAND, data, age=_age.total_seconds() if _age else 0)

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
        interaction = await self._sent(AUTOCOMPLETE, data)
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
        resolved = {"messages": {str(record.id): message_json(record, self.user.id)}}
        data = {**self._command_data(command, [], resolved), "target_id": str(record.id)}
        return await self._interact(COMMAND, data)

    async def click(self, message: Message, button: str) -> Reply:
        """Press a button, given its label, emoji or custom id.

        Raises: NotPossible.
        """
        record = self._usable(message)
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
        record = self._usable(message)
        current = self._server.view(record, self.user)
        found = next((select for select in current.selects if name in (select.custom_id, select.placeholder)), None)
        if found is None:
            raise NotPossible(f"This message has no drop-down '{name}'.")
        if found.disabled:
            raise NotPossible(f"The drop-down '{name}' is disabled.")
        resolver = Resolver(self._world, record.channel)
        chosen = choose(found, values, name, resolver)
        data = {"custom_id": found.custom_id, "component_type": found.kind, "values": chosen, "id": 1}
        data |= {"resolved": resolver.resolved} if resolver.resolved else {}
        return await self._interact(COMPONENT, data, message=record)

    async def submit(self, modal: Modal, values: Mapping[str, str | Sequence[str]]) -> Reply:
        """Fill in a form, by label or custom id, and send it.

        Raises: NotPossible for values the client wouldn't accept.
        """
        opener = self._server.interactions.by_token.get(modal.token)
        resolver = Resolver(self._world, opener.channel if opener else self.channel)
        data: Json = {"custom_id": modal.custom_id, "components": fill_form(modal, values, resolver)}
        data |= {"resolved": resolver.resolved} if resolver.resolved else {}
        return await self._interact(SUBMIT, data, opener=opener)

    async def react(self, message: Message, emoji: str) -> None:
        """Raises: NotPossible."""
        record = self._record(message)
        needed = {"read_message_history"} | ({"add_reactions"} if emoji not in record.reactions else set())
        with refusals():
            check_view(self._granted(record.channel), *needed)
            reactions.react(self._world, record, self.user, emoji)

    async def unreact(self, message: Message, emoji: str) -> None:
        """Raises: NotPossible."""
        with refusals():
            reactions.unreact(self._world, self._record(message), self.user, emoji)

    async def delete(self, message: Message) -> None:
        """Delete one of their own messages, or any message given the Manage Messages permission.

        Raises: NotPossible.
        """
        record = self._record(message)
        is_allowed = "manage_messages" in self._granted(record.channel)
        if record.author_id != self.user.id and not is_allowed:
            raise NotPossible("You can only delete your own messages, unless you have the Manage Messages permission.")
        posting.delete(self._world, record)
