"""A client for the page's websocket, in place of a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from playground import Discord

Json = dict[str, Any]


class PageClient:
    """The connection behind a person's page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[Json] = []

    async def event(self, name: str) -> Any:
        """The data of the next event with this name, skipping others."""
        while True:
            frame = self.events.pop(0) if self.events else await self._socket.receive_json(timeout=10)
            if frame.get("t") == name:
                return frame["d"]

    async def ask(self, op: str, **data: Any) -> Json:
        """Perform an action and return the reply."""
        self._number += 1
        await self._socket.send_json({"op": op, "n": self._number, **data})
        while True:
            frame = await self._socket.receive_json(timeout=10)
            if frame.get("n") == self._number:
                return frame
            self.events.append(frame)

    async def send(self, text: str) -> Json:
        await self._socket.send_str(text)
        while "ok" not in (frame := await self._socket.receive_json(timeout=10)):
            self.events.append(frame)
        return frame


@asynccontextmanager
async def open_page(server: Discord, person: str, **headers: str) -> AsyncIterator[PageClient]:
    headers = {"Origin": server.base_url, **headers}
    async with aiohttp.ClientSession() as session:
        url = f"{server.base_url}/playground/ws?person={person}"
        async with session.ws_connect(url, headers=headers) as socket:
            yield PageClient(socket)
