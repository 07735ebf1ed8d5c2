"""What a person's page receives: everything it shows at the start, then every change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from playground.people.person import Person
from playground.server import Server
from playground.wire import payloads
from playground.world import Channel, Guild, Json, permissions

_NOT_FOR_PAGES = ("INTERACTION_CREATE", "GUILD_CREATE")


class Feed:
    """One person's view of the world."""

    def __init__(self, server: Server, person: Person) -> None:
        self._server = server
        self._world = server.world
        self._person = person

    def snapshot(self) -> Json:
        """Everything a client shows when it opens."""
        guild, person = self._guild, self._person
        channels = [*guild.channels.values(), self._world.direct_channel(person.user)]
        members = (self._world.bot.id, *guild.members)
        return {
            "user": payloads.user(person.user),
            "guild": {"id": str(guild.id), "name": guild.name},
            "permissions": sorted(guild.permissions_of(person.id)),
            "channels": [{**payloads.channel(channel), "name": channel.name} for channel in channels],
            "channel_id": str(person.channel.id),
            "commands": self._commands(guild),
            "members": [payloads.user(self._world.users[user_id]) for user_id in members],
            "messages": {str(channel.id): [message.raw for message in person.sees(channel)] for channel in channels},
            "online": bool(self._server.gateway.connected),
        }

    async def events(self) -> AsyncIterator[Json]:
        """The events for this person's client, starting when the first one is awaited."""
        events: asyncio.Queue[Json] = asyncio.Queue()

        def on_event(event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
            if event not in _NOT_FOR_PAGES and self._reaches(channel, only_for):
                events.put_nowait({"t": event, "d": self._as_shown(event, data)})

        self._world.listeners.append(on_event)
        try:
            while True:
                yield await events.get()
        finally:
            self._world.listeners.remove(on_event)

    @property
    def _guild(self) -> Guild:
        return self._person.channel.guild or self._server.guild

    def _reaches(self, channel: Channel | None, only_for: int | None) -> bool:
        if only_for not in (None, self._person.id):
            return False
        return channel is None or channel.guild is not None or channel.recipient is self._person.user

    def _as_shown(self, event: str, data: Json) -> Json | list[Json]:
        """The event's data; reaction events carry all of the message's reactions, so the page can't lose count."""
        if event == "COMMANDS_UPDATE":
            return self._commands(self._server.guild)
        if event in ("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
            record = self._world.find_message(int(data["message_id"]))
            reactions = payloads.message(record, self._person.id).get("reactions", []) if record else []
            return {**data, "reactions": reactions}
        return payloads.message(data["record"], self._person.id) if "record" in data else data

    def _commands(self, guild: Guild) -> list[Json]:
        """The commands that this person's client lists."""
        granted = self._guild.permissions_of(self._person.id)
        commands = self._world.commands_in(guild.id)
        needed = [permissions.names(int(command.get("default_member_permissions") or 0)) for command in commands]
        return [command for command, names in zip(commands, needed, strict=True) if names <= granted]
