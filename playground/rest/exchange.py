"""HTTP exchanges: reading requests, writing responses, and the log of both."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from playground.errors import ApiError, invalid
from playground.world import Files

#: exchanges kept, so that a long-running playground's memory stays bounded
MAX_LOG = 20_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request from the bot and the response."""

    method: str
    #: the route template as in the specification, or the plain path if no route matched
    route: str
    path: str
    status: int
    request: Any
    response: Any
    is_multipart: bool = False


Log = deque[Exchange]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: (method, path below the API's prefix, handler)
Route = tuple[str, str, Handler]

BODY = web.RequestKey("body", object)
READ = web.RequestKey("read", tuple)
IS_MULTIPART = web.RequestKey("is_multipart", bool)
DATA = web.ResponseKey("data", object)


async def read_body(request: web.Request) -> tuple[dict[str, Any], Files]:
    """The JSON and the files of a request, multipart or not."""
    if READ not in request:  # the stream can only be read once
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


def json_response(data: Any, status: int = 200) -> web.Response:
    """A JSON response with Discord's exact content type: discord.py doesn't parse one that names a charset."""
    response = web.Response(status=status, body=json.dumps(data).encode(), headers={"Content-Type": "application/json"})
    response[DATA] = data
    return response


def no_content() -> web.Response:
    return web.Response(status=204)


def error_response(error: ApiError) -> web.Response:
    return json_response(error.body, error.status)
