"""The page: static files and a websocket.

The server pushes events in the gateway's format, limited to what the person may see; the page sends what they do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from playground.page.visits import Visit
from playground.people.person import Person
from playground.server import Server
from playground.wire.users import user_json
from playground.world import Json

STATIC = Path(__file__).parent / "static"
MAX_FRAME = 16 * 1024 * 1024  # bytes; uploads are sent as base64
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Page:
    """The routes, and who has the page open."""

    def __init__(self, server: Server, find_person: Callable[[str], Person]) -> None:
        self._server = server
        self._find_person = find_person
        self._open: Counter[int] = Counter()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.index)
        app.router.add_get("/static/{path:.+}", self.static)
        app.router.add_get("/playground/ws", self.socket)

    async def index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html", headers=_HEADERS)

    async def static(self, request: web.Request) -> web.StreamResponse:
        path = _inside(STATIC, request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve a person's websocket: events go out, actions come in and run concurrently."""
        if not self._is_ours(request):
            return web.Response(status=403, text="This websocket only accepts pages from the playground's own address.")
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=20)
        await socket.prepare(request)
        person = self._find_person(request.query.get("person", "")[:32].strip() or "ana")
        visit = Visit(self._server, person, socket, self.presence)
        self._open[person.id] += 1
        tasks = {asyncio.create_task(visit.push_events()), asyncio.create_task(visit.push_presence())}
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
        """Whether the bot is connected, and which members of the viewer's server have the page open."""
        users, members = self._server.world.users, (viewer.channel.guild or self._server.guild).members
        return {
            "bot": bool(self._server.gateway.connected),
            "people": [{**user_json(users[member]), "online": self._open[member] > 0} for member in members],
        }

    def _is_ours(self, request: web.Request) -> bool:
        """Accept only pages that this server served itself: another site could make a browser connect here."""
        hosts = {f"127.0.0.1:{self._server.port}", f"localhost:{self._server.port}"}
        return request.host in hosts and request.headers.get("Origin") in {f"http://{host}" for host in hosts}


def _inside(folder: Path, name: str) -> Path | None:
    """The file with this name, unless the name leads out of the folder."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder) and path.is_file() else None
