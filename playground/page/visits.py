"""One person at one page: events go out, and what the person does comes in."""

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
from playground.wire.views import Message, read_message, read_modal
from playground.world import Json

LOOK_EVERY = 0.4  # seconds


class Visit:
    """One person at one page."""

    def __init__(
        self, server: Server, person: Person, socket: web.WebSocketResponse, presence: Callable[[Person], Json]
    ) -> None:
        self._server = server
        self._person = person
        self._feed = Feed(server, person)
        self._socket = socket
        self._presence = presence
        self._deeds: dict[str, Callable[[Json], Awaitable[Json]]] = {
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

    async def push(self) -> None:
        """Send the state once, then every change."""
        events = self._feed.events()
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)  # it listens from here on, so no event is lost between the snapshot and the first one
        hello = {**self._feed.snapshot(), "presence": self._presence(self._person)}
        try:
            await self._socket.send_json({"t": "HELLO", "d": hello})
            await self._socket.send_json(await first)
            async for event in events:
                await self._socket.send_json(event)
        except ConnectionError:
            pass  # the page is gone
        finally:
            first.cancel()  # else it would listen for ever

    async def look_around(self) -> None:
        """Tell who comes and goes, the bot too. The gateway has no event for that, so this looks every so often."""
        seen: Json = {}
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(LOOK_EVERY)
                if (now := self._presence(self._person)) != seen:
                    seen = now
                    await self._socket.send_json({"t": "PRESENCE", "d": now})

    async def do(self, text: str) -> None:
        """Do what the page asks for and answer with the same number."""
        number: object = None
        try:
            frame: Json = json.loads(text)
            number = frame.get("n")
            if "channel_id" in frame:  # two pages of one person may look at different channels
                await self._go(frame)
            answer: Json = {"n": number, "ok": True, "d": await self._deeds[frame["op"]](frame)}
        except NotPossible as error:
            answer = {"n": number, "ok": False, "error": str(error)}
        except ApiError as error:
            answer = {"n": number, "ok": False, "error": str(error).rpartition("\n")[2]}
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            answer = {"n": number, "ok": False, "error": f"The page asked for something strange: {error!r:.200}"}
        with suppress(ConnectionError):
            await self._socket.send_json(answer)

    # What is done

    async def _line(self, frame: Json) -> Json:
        return (await self._person.types(str(frame["line"]))).as_dict()

    async def _type(self, frame: Json) -> Json:
        options = {name: _value(value) for name, value in (frame.get("options") or {}).items()}
        return (await self._person.slash(frame["command"], **options)).as_dict()

    async def _complete(self, frame: Json) -> Json:
        typed, others = str(frame.get("typed") or ""), frame.get("options") or {}
        choices = await self._person.autocomplete(frame["command"], frame["option"], typed, **others)
        return {"choices": [{"name": one.name, "value": one.value} for one in choices]}

    async def _click(self, frame: Json) -> Json:
        return (await self._person.click(self._message(frame), frame["custom_id"])).as_dict()

    async def _select(self, frame: Json) -> Json:
        return (await self._person.select(self._message(frame), frame["custom_id"], frame["values"])).as_dict()

    async def _submit(self, frame: Json) -> Json:
        opener = self._server.interactions.by_token.get(frame["token"])
        if opener is None or opener.modal is None or opener.user is not self._person.user:
            raise NotPossible("This form is not open any more; use the command again.")
        return (await self._person.submit(read_modal(opener.modal, opener.token), frame["values"])).as_dict()

    async def _react(self, frame: Json) -> Json:
        change = self._person.unreact if frame.get("off") else self._person.react
        await change(self._message(frame), frame["emoji"])
        return {}

    async def _say(self, frame: Json) -> Json:
        await self._person.say(str(frame.get("content") or ""), [_file(one) for one in frame.get("files") or []])
        return {}

    async def _menu(self, frame: Json) -> Json:
        return (await self._person.context_menu(frame["name"], self._message(frame))).as_dict()

    async def _delete(self, frame: Json) -> Json:
        await self._person.delete(self._message(frame))
        return {}

    async def _go(self, frame: Json) -> Json:
        channel = self._server.world.channels.get(int(frame["channel_id"]))
        if channel is None or (channel.guild is None and channel.recipient is not self._person.user):
            raise NotPossible("There is no such channel here.")
        self._person.go_to(channel)
        return {}

    def _message(self, frame: Json) -> Message:
        record = self._server.world.find_message(int(frame["message_id"]))
        if record is None or record.only_for not in (None, self._person.id):
            raise NotPossible("The message was deleted.")
        if record.channel.guild is None and record.channel.recipient is not self._person.user:
            raise NotPossible("The message was deleted.")  # or never was, as far as this person knows
        return read_message(record.data)


def _file(data: Json) -> tuple[str, bytes]:
    return str(data["name"]), base64.b64decode(data["data"])


def _value(value: Any) -> Any:
    """An option's value; a file comes as its name and its bytes in base64."""
    return _file(value) if isinstance(value, dict) else value
