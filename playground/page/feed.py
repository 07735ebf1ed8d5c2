"""What a person's page receives: everything it shows at the start, then every change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from playground.people.person import Person
from playground.rules.availability import available_commands
from playground.server import Server
from playground.wire.guilds import channel_json
from playground.wire.messages import message_json
from playground.wire.users import user_json
from playground.world import Channel, Guild, Json

_SHOWN = {
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "TYPING_START",
}
#: events after which channels, permissions or available commands may differ
_CHANGE_PLACES = {
    "COMMANDS_UPDATE",
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_MEMBER_UPDATE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
}


class Feed:
    """One person's view of the world."""

    def __init__(self, server: Server, person: Person) -> None:
        self._server = server
        self._world = server.world
        self._person = person

    def snapshot(self) -> Json:
        """Everything a client shows when it opens."""
        guild, person = self._guild, self._person
        members = (self._world.bot.id, *guild.members)
        return {
            "user": user_json(person.user),
            "guild": {"id": str(guild.id), "name": guild.name},
            "channel_id": str(person.channel.id),
            "members": [user_json(self._world.users[user_id]) for user_id in members],
            "messages": {
                str(channel.id): [message.raw for message in person.sees(channel)] for channel in self._channels()
            },
            **self._places(),
        }

    async def events(self) -> AsyncIterator[Json]:
        """The events for this person's client, starting when the first one is awaited."""
        events: asyncio.Queue[Json] = asyncio.Queue()

        def on_event(event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
            if event in _CHANGE_PLACES:
                events.put_nowait({"t": "PLACES_UPDATE", "d": self._places()})
            elif event in _SHOWN and self._reaches(channel, only_for):
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
        if only_for not in (None, self._person.id) or channel is None:
            return False
        return channel.is_visible_to(self._person.id)

    def _as_shown(self, event: str, data: Json) -> Json:
        """The event's data; reaction events carry all of the message's reactions, so the page can't lose count."""
        if event in ("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"):
            record = self._world.find_message(int(data["message_id"]))
            reactions = message_json(record, self._person.id).get("reactions", []) if record else []
            return {**data, "reactions": reactions}
        return message_json(data["record"], self._person.id) if "record" in data else data

    def _channels(self) -> list[Channel]:
        """The channels in the sidebar, each followed by its threads."""
        visible = [channel for channel in self._guild.channels.values() if channel.is_visible_to(self._person.id)]
        order = {channel.id: number for number, channel in enumerate(visible)}
        visible.sort(key=lambda channel: (order.get((channel.parent or channel).id, 0), channel.id))
        shown = [channel for channel in visible if not channel.is_archived]
        return [*shown, self._world.direct_channel(self._person.user)]

    def _places(self) -> Json:
        """The channels, with what the person can do in each, and the commands of the server."""
        return {
            "channels": [self._place(channel) for channel in self._channels()],
            "commands": self._world.commands_in(self._guild.id),
        }

    def _place(self, channel: Channel) -> Json:
        commands = available_commands(self._world, channel, self._person.user)
        return {
            **channel_json(self._world, channel),
            "name": channel.name,
            "age_restricted": channel.is_age_restricted,
            "permissions": sorted(channel.permissions_of(self._person.id)),
            "commands": [command["id"] for command in commands],
        }
