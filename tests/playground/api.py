"""A raw client that sends exactly what a test tells it to, including what no library would send."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from playground import Discord

INTENTS = (
    1 << 0 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13
)  # servers, and messages and reactions in servers and direct messages


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        return self.body["code"]


class Api:
    """The REST API with the bot's token."""

    def __init__(self, server: Discord, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session
        self.channel = server.channel("pictures")

    async def call(
        self, method: str, path: str, body: Any = None, *, files: Sequence[bytes] = (), token: str | None = None
    ) -> Answer:
        """Send a request; with files, `body` becomes their payload_json."""
        headers = {"Authorization": f"Bot {token or self._server.token}"}
        if files:
            form = aiohttp.FormData()
            form.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for number, data in enumerate(files):
                form.add_field(f"files[{number}]", data, filename=f"{number}.bin")
            sending = self._session.request(method, self._server.rest_url + path, data=form, headers=headers)
        else:
            sending = self._session.request(method, self._server.rest_url + path, json=body, headers=headers)
        async with sending as response:
            text = await response.text()
            return Answer(response.status, json.loads(text) if text else None, response.headers)

    async def send(self, body: Any, *, files: Sequence[bytes] = ()) -> Answer:
        """Send a message to #pictures."""
        return await self.call("POST", f"/channels/{self.channel.id}/messages", body, files=files)


@asynccontextmanager
async def open_api(server: Discord) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(server, session)


class Socket:
    """A gateway connection, read frame by frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def next(self) -> dict[str, Any]:
        """The next frame.

        Raises: ConnectionError, with the code, if the connection was closed.
        """
        message = await self.socket.receive(timeout=10)
        if message.type is aiohttp.WSMsgType.TEXT:
            return json.loads(message.data)
        if message.type is aiohttp.WSMsgType.BINARY:
            return json.loads(self._inflate.decompress(message.data))
        raise ConnectionError(self.socket.close_code)

    async def until(self, event: str) -> dict[str, Any]:
        """The next event with this name, skipping others."""
        while (frame := await self.next())["t"] != event:
            pass
        return frame

    async def closed(self) -> int:
        """The code the server closes with."""
        try:
            while True:
                await self.next()
        except ConnectionError as error:
            return error.args[0]

    async def identify(self, server: Discord, **more: Any) -> dict[str, Any]:
        """Log in and return READY."""
        assert (await self.next())["op"] == 10
        await self.send(2, identification(server, **more))
        return (await self.until("READY"))["d"]


def identification(server: Discord, **more: Any) -> dict[str, Any]:
    properties = {"os": "linux", "browser": "test", "device": "test"}
    return {"token": server.token, "intents": INTENTS, "properties": properties, **more}


@asynccontextmanager
async def open_socket(server: Discord, query: str = "?v=10&encoding=json") -> AsyncIterator[Socket]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url + query, max_msg_size=0) as socket,
    ):
        yield Socket(socket)
