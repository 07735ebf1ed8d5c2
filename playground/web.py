"""The page: static files, and one websocket for each person who looks.

The server pushes events in the gateway's shape, filtered to what the person may see; the page sends what a person does.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from playground import payloads, permissions
from playground.errors import ApiError, NotPossible
from playground.messages import Message, read_message, read_modal
from playground.people import Person

if TYPE_CHECKING:
    from playground.server import Discord

STATIC = Path(__file__).parent / "static"
MAX_FRAME = 16 * 1024 * 1024  # bytes; an uploaded picture as base64
LOOK_EVERY = 0.4  # seconds
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
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
    """The routes, and who has the page open."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._open: Counter[int] = Counter()

    async def index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html", headers=_HEADERS)

    async def static(self, request: web.Request) -> web.StreamResponse:
        path = _inside(STATIC, request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """A person's websocket: events out, deeds in, each deed a task of its own."""
        if not self._is_ours(request):
            return web.Response(status=403, text="This page belongs to another address.")
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=20)
        await socket.prepare(request)
        person = self._discord.person(request.query.get("person", "")[:32].strip() or "ana")
        visit = Visit(self._discord, person, socket, self.presence)
        self._open[person.id] += 1
        tasks = {asyncio.create_task(visit.push()), asyncio.create_task(visit.look_around())}
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    task = asyncio.create_task(visit.do(message.data))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        finally:
            self._open[person.id] -= 1
            for task in tasks:
                task.cancel()
        return socket

    def presence(self, viewer: Person) -> Json:
        """Whether the bot is connected, and who of the viewer's server has the page open."""
        users, members = self._discord.world.users, (viewer.channel.guild or self._discord.guild).members
        return {
            "bot": bool(self._discord.gateway.connected),
            "people": [{**payloads.user(users[one]), "online": self._open[one] > 0} for one in members],
        }

    def _is_ours(self, request: web.Request) -> bool:
        """Only pages that this server served, under its own name: others may have tricked a browser into coming here."""
        hosts = {f"127.0.0.1:{self._discord.port}", f"localhost:{self._discord.port}"}
        return request.host in hosts and request.headers.get("Origin") in {f"http://{host}" for host in hosts}


class Visit:
    """One person at one page."""

    def __init__(
        self, discord: Discord, person: Person, socket: web.WebSocketResponse, presence: Callable[[Person], Json]
    ) -> None:
        self._discord = discord
        self._person = person
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
        events = self._discord.watch(self._person)
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)  # it listens from here on, so nothing falls between the snapshot and the first event
        snapshot = self._discord.snapshot(self._person)
        hello = {**snapshot, "commands": self._offered(snapshot["commands"]), "presence": self._presence(self._person)}
        try:
            await self._socket.send_json({"t": "HELLO", "d": hello})
            await self._socket.send_json(self._told(await first))
            async for event in events:
                await self._socket.send_json(self._told(event))
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

    # What is told

    def _told(self, event: Json) -> Json:
        """The event for this person; reactions come as they stand, so that a page cannot miscount."""
        match event["t"]:
            case "COMMANDS_UPDATE":
                return {**event, "d": self._offered(event["d"])}
            case "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE":
                record = self._discord.world.find_message(int(event["d"]["message_id"]))
                now = payloads.message(record, self._person.id).get("reactions", []) if record else []
                return {**event, "d": {**event["d"], "reactions": now}}
        return event

    def _offered(self, commands: list[Json]) -> list[Json]:
        """The commands that this person's client lists."""
        granted = (self._person.channel.guild or self._discord.guild).permissions_of(self._person.id)
        needed = [permissions.names(int(one.get("default_member_permissions") or 0)) for one in commands]
        return [command for command, names in zip(commands, needed, strict=True) if names <= granted]

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
        opener = self._discord.interactions.by_token.get(frame["token"])
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
        channel = self._discord.world.channels.get(int(frame["channel_id"]))
        if channel is None or (channel.guild is None and channel.recipient is not self._person.user):
            raise NotPossible("There is no such channel here.")
        self._person.go_to(channel)
        return {}

    def _message(self, frame: Json) -> Message:
        record = self._discord.world.find_message(int(frame["message_id"]))
        if record is None or record.only_for not in (None, self._person.id):
            raise NotPossible("The message was deleted.")
        if record.channel.guild is None and record.channel.recipient is not self._person.user:
            raise NotPossible("The message was deleted.")  # or never was, as far as this person knows
        return read_message(record.data)


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name, unless the name leads out of the folder."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder) and path.is_file() else None


def _file(data: Json) -> tuple[str, bytes]:
    return str(data["name"]), base64.b64decode(data["data"])


def _value(value: Any) -> Any:
    """An option's value; a file comes as its name and its bytes in base64."""
    return _file(value) if isinstance(value, dict) else value
