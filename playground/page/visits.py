"""One open page: pushes events and performs the person's actions."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from playground.errors import ApiError, NotPossible
from playground.page.feed import Feed
from playground.people.person import Person
from playground.server import Server
from playground.wire.controls import Modal
from playground.wire.views import Message
from playground.world import Json

PRESENCE_INTERVAL = 0.4  # seconds


class Visit:
    """A person with the page open."""

    def __init__(
        self, server: Server, person: Person, socket: web.WebSocketResponse, presence: Callable[[Person], Json]
    ) -> None:
        self._server = server
        self._person = person
        self._feed = Feed(server, person)
        self._socket = socket
        self._presence = presence
        self._actions: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "line": self._line,
            "type": self._type,
            "complete": self._complete,
            "click": self._click,
            "select": self._select,
            "submit": self._submit,
            "react": self._react,
            "say": self._say,
            "go": self._go,
            "menu": self._menu,
            "delete": self._delete,
        }

    async def push_events(self) -> None:
        """Send a snapshot, then every change."""
        events = self._feed.events()
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)  # start listening before the snapshot is taken, so that no event is lost in between
        hello = {**self._feed.snapshot(), "presence": self._presence(self._person)}
        try:
            await self._socket.send_json({"t": "HELLO", "d": hello})
            await self._socket.send_json(await first)
            async for event in events:
                await self._socket.send_json(event)
        except ConnectionError:
            pass  # the page was closed
        finally:
            first.cancel()  # otherwise the feed would keep listening

    async def push_presence(self) -> None:
        """Send who is online whenever that changes. There is no event for it, so this polls."""
        seen: Json = {}
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(PRESENCE_INTERVAL)
                if (current := self._presence(self._person)) != seen:
                    seen = current
                    await self._socket.send_json({"t": "PRESENCE", "d": current})

    async def do(self, text: str) -> None:
        """Perform the action in a frame from the page and reply with the frame's number."""
        number: object = None
        try:
            frame: Json = json.loads(text)
            number = frame.get("n")
            if "channel_id" in frame:  # a person may have two pages open, in different channels
                await self._go(frame)
            answer: Json = {"n": number, "ok": True, "d": await self._actions[frame["op"]](frame)}
        except NotPossible as error:
            answer = {"n": number, "ok": False, "error": str(error)}
        except ApiError as error:
            answer = {"n": number, "ok": False, "error": str(error).rpartition("\n")[2]}
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            answer = {"n": number, "ok": False, "error": f"The playground couldn't handle that request: {error!r:.200}"}
        with suppress(ConnectionError):
            await self._socket.send_json(answer)

    # Actions

    async def _line(self, frame: Json) -> Json:
        return (await self._person.types(str(frame["line"]))).as_dict()

    async def _type(self, frame: Json) -> Json:
        options = {name: _value(value) for name, value in (frame.get("options") or {}).items()}
        return (await self._person.slash(frame["command"], **options)).as_dict()

    async def _complete(self, frame: Json) -> Json:
        typed, others = str(frame.get("typed") or ""), frame.get("options") or {}
        choices = await self._person.autocomplete(frame["command"], frame["option"], typed, **others)
        return {"choices": [{"name": choice.name, "value": choice.value} for choice in choices]}

    async def _click(self, frame: Json) -> Json:
        return (await self._person.click(self._message(frame), frame["custom_id"])).as_dict()

    async def _select(self, frame: Json) -> Json:
        return (await self._person.select(self._message(frame), frame["custom_id"], frame["values"])).as_dict()

    async def _submit(self, frame: Json) -> Json:
        opener = self._server.interactions.by_token.get(frame["token"])
        if opener is None or opener.modal is None or opener.user is not self._person.user:
            raise NotPossible("This form is no longer open; run the command again.")
        return (await self._person.submit(Modal(opener.modal, opener.token), frame["values"])).as_dict()

    async def _react(self, frame: Json) -> Json:
        change = self._person.unreact if frame.get("off") else self._person.react
        await change(self._message(frame), frame["emoji"])
        return {}

    async def _say(self, frame: Json) -> Json:
        await self._person.say(str(frame.get("content") or ""), [_file(data) for data in frame.get("files") or []])
        return {}

    async def _menu(self, frame: Json) -> Json:
        return (await self._person.context_menu(frame["name"], self._message(frame))).as_dict()

    async def _delete(self, frame: Json) -> Json:
        await self._person.delete(self._message(frame))
        return {}

    async def _go(self, frame: Json) -> Json:
        channel = self._server.world.channels.get(int(frame["channel_id"]))
        if channel is None or not channel.is_visible_to(self._person.id):
            raise NotPossible("You don't have access to that channel.")
        self._person.go_to(channel)
        return {}

    def _message(self, frame: Json) -> Message:
        record = self._server.world.find_message(int(frame["message_id"]))
        if record is None or record.only_for not in (None, self._person.id):
            raise NotPossible("The message was deleted.")
        if not record.channel.is_visible_to(self._person.id):
            raise NotPossible(
                "The message was deleted."
            )  # the same error, so that it doesn't reveal other people's messages
        return Message(record.data)


def _file(data: Json) -> tuple[str, bytes]:
    return str(data["name"]), base64.b64decode(data["data"])


def _value(value: Any) -> Any:
    """An option's value; files arrive as a name and base64 data."""
    return _file(value) if isinstance(value, dict) else value
