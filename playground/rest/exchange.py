"""What goes over HTTP: reading requests, writing answers, and the record of every exchange."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playground.errors import ApiError, invalid
from playground.world import Files

#: exchanges remembered; a long-running playground must not grow without end
MAX_LOG = 20_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of the bot and its answer."""

    method: str
    #: with names in braces, as in the specification; the bare path where no route matched
    route: str
    path: str
    status: int
    request: Any
    response: Any
    is_multipart: bool = False


Log = deque[Exchange]

BODY = web.RequestKey("body", object)
READ = web.RequestKey("read", tuple)
IS_MULTIPART = web.RequestKey("is_multipart", bool)
DATA = web.ResponseKey("data", object)


async def read_body(request: web.Request) -> tuple[dict[str, Any], Files]:
    """The JSON of a request and its files, whether they come as multipart or not."""
    if READ not in request:  # a stream can be read but once
        request[READ] = await _read_body(request)
    return request[READ]


async def _read_body(request: web.Request) -> tuple[dict[str, Any], Files]:
    if request.content_type == "multipart/form-data":
        body: dict[str, Any] = {}
        files: dict[int, tuple[str, bytes]] = {}
        reader: Any = await request.multipart()
        async for part in reader:
            if part.name == "payload_json":
                body = json.loads(await part.text())
            elif part.name.startswith("files["):
                files[int(part.name[6:-1])] = (part.filename or "file", bytes(await part.read(decode=False)))
        request[BODY], request[IS_MULTIPART] = body, True
        return body, [files[number] for number in sorted(files)]
    raw = await request.read()
    if not raw:
        return {}, ()
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("body", "JSON", "The request body contains invalid JSON.") from error
    request[BODY] = body
    return body, ()


def answer(data: Any, status: int = 200) -> web.Response:
    """JSON exactly as Discord labels it: discord.py does not understand a charset in the content type."""
    response = web.Response(status=status, body=json.dumps(data).encode(), headers={"Content-Type": "application/json"})
    response[DATA] = data
    return response


def nothing() -> web.Response:
    return web.Response(status=204)


def refused(error: ApiError) -> web.Response:
    return answer(error.body, error.status)
