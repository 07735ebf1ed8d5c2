"""The page: static files, and one websocket for each person who looks.

The server pushes events in the gateway's shape, filtered to what the person may see; the page sends what a person does.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from playground.errors import ApiError, NotPossible
from playground.messages import Message, read_message, read_modal
from playground.people import Person

if TYPE_CHECKING:
    from playground.server import Discord

STATIC = Path(__file__).parent / "static"
MAX_FRAME = 16 * 1024 * 1024  # bytes; an uploaded picture as base64
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

Json = dict[str, Any]


def add_page(discord: Discord) -> None:
    """Add the page to the server's routes."""
    page = Page(discord)
    discord.app.router.add_get("/", page.index)
    discord.app.router.add_get("/static/{path:.+}", page.static)
    discord.app.router.add_get("/playground/ws", page.socket)


class Page:
    """The routes."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    async def index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html", headers=_HEADERS)

    async def static(self, request: web.Request) -> web.StreamResponse:
        path = (STATIC / request.match_info["path"]).resolve()
        if not path.is_relative_to(STATIC) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """A person's websocket: events out, deeds in, each deed a task of its own."""
        if not self._is_ours(request):
            return web.Response(status=403, text="This page belongs to another address.")
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME)
        await socket.prepare(request)
        person = self._discord.person(request.query.get("person", "ana")[:32])
        visit = Visit(self._discord, person, socket)
        tasks = {asyncio.create_task(visit.push())}
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                task = asyncio.create_task(visit.do(json.loads(message.data)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        for task in tasks:
            task.cancel()
        return socket

    def _is_ours(self, request: web.Request) -> bool:
        """Only pages that this server served, under its own name: others may have tricked a browser into coming here."""
        allowed = {f"127.0.0.1:{self._discord.port}", f"localhost:{self._discord.port}"}
        origin = request.headers.get("Origin", "")
        return request.host in allowed and origin.removeprefix("http://") in allowed


class Visit:
    """One person at one page."""

    def __init__(self, discord: Discord, person: Person, socket: web.WebSocketResponse) -> None:
        self._discord = discord
        self._person = person
        self._socket = socket
        self._deeds: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "type": self._type, "complete": self._complete, "click": self._click, "select": self._select,
            "submit": self._submit, "react": self._react, "say": self._say, "go": self._go, "menu": self._menu,
        }  # fmt: skip

    async def push(self) -> None:
        """Send the state once, then every change."""
        events = self._discord.watch(self._person)
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)  # it listens from here on, so nothing falls between the snapshot and the first event
        await self._socket.send_json({"t": "HELLO", "d": self._discord.snapshot(self._person)})
        await self._socket.send_json(await first)
        async for event in events:
            await self._socket.send_json(event)

    async def do(self, frame: Json) -> None:
        """Do what the page asks for and answer with the same number."""
        number = frame.get("n")
        try:
            done = await self._deeds[frame["op"]](frame)
            answer: Json = {"n": number, "ok": True, "d": done}
        except (NotPossible, ApiError) as error:
            answer = {"n": number, "ok": False, "error": str(error).partition("\n")[2] or str(error)}
        except (KeyError, ValueError, TypeError) as error:
            answer = {"n": number, "ok": False, "error": f"The page asked for something strange: {error}"}
        if not self._socket.closed:
            await self._socket.send_json(answer)

    async def _type(self, frame: Json) -> Json:
        options = dict(frame.get("options") or {})
        for name, value in options.items():
            if isinstance(value, dict):  # a file
                options[name] = (value["name"], base64.b64decode(value["data"]))
        return (await self._person.slash(frame["command"], **options)).as_dict()

    async def _complete(self, frame: Json) -> Json:
        typed = str(frame.get("typed") or "")
        choices = await self._person.autocomplete(
            frame["command"], frame["option"], typed, **(frame.get("options") or {})
        )
        return {"choices": [{"name": one.name, "value": one.value} for one in choices]}

    async def _click(self, frame: Json) -> Json:
        return (await self._person.click(self._message(frame), frame["custom_id"])).as_dict()

    async def _select(self, frame: Json) -> Json:
        return (await self._person.select(self._message(frame), frame["custom_id"], frame["values"])).as_dict()

    async def _submit(self, frame: Json) -> Json:
        modal = read_modal(frame["modal"], frame["modal"]["token"])
        return (await self._person.submit(modal, frame["values"])).as_dict()

    async def _react(self, frame: Json) -> Json:
        message, emoji = self._message(frame), frame["emoji"]
        if frame.get("off"):
            await self._person.unreact(message, emoji)
        else:
            await self._person.react(message, emoji)
        return {}

    async def _say(self, frame: Json) -> Json:
        await self._person.say(frame["content"])
        return {}

    async def _menu(self, frame: Json) -> Json:
        return (await self._person.context_menu(frame["name"], self._message(frame))).as_dict()

    async def _go(self, frame: Json) -> Json:
        self._person.go_to(self._discord.world.channels[int(frame["channel_id"])])
        return {}

    def _message(self, frame: Json) -> Message:
        record = self._discord.world.find_message(int(frame["message_id"]))
        if record is None or record.only_for not in (None, self._person.id):
            raise NotPossible("The message was deleted.")
        return read_message(record.data)
