"""Faults seen in the wild, injected on request: counted, matched in order, removable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

from playground.errors import ApiError
from playground.rest.exchange import json_response, read_body
from playground.rest.limits import too_many

_SCOPES = ("user", "shared", "global")


@dataclass
class Fault:
    """What goes wrong with the next `times` requests to a method and path, such as "/webhooks/*/messages/@original"."""

    #: "POST", "POST|PATCH" for either, "*" for any
    method: str
    path: str
    times: int = 1
    status: int | None = None
    code: int = 0
    message: str = "Injected fault"
    retry_after: float | None = None
    scope: str = "user"
    delay: float = 0.0
    #: "before": the request is lost; "after": it takes effect, but the response is lost
    drop: str | None = None
    #: the request arrives twice, as if the network repeated it; the client gets the second response
    repeats: bool = False
    #: only for requests whose JSON contains this text
    phrase: str = ""
    #: called when the request arrives, and when it has taken effect but not been answered yet
    on_arrival: Callable[[], None] | None = None
    on_applied: Callable[[], None] | None = None
    hits: int = 0

    def matches(self, method: str, path: str, text: str = "") -> bool:
        is_route = method in self.method.split("|") or self.method == "*"
        is_text = self.phrase.casefold() in text.casefold()
        return self.hits < self.times and is_route and is_text and fnmatchcase(path, self.path)


class Faults:
    """The faults waiting for requests to the REST API."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        #: chooses random faults: called with the request and its path when no pending fault matches
        self.by_chance: Callable[[web.Request, str], Fault | None] | None = None

    def http(self, method: str, path: str, **how: object) -> Fault:
        """Make matching requests fail; `Fault` lists the options."""
        fault = Fault(method, path, **how)  # pyright: ignore[reportArgumentType]
        self._pending.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        self._pending.remove(fault)

    def clear(self) -> None:
        self._pending.clear()

    @property
    def reads_text(self) -> bool:
        """Whether any pending fault depends on what requests contain."""
        return any(fault.phrase for fault in self._pending)

    def take(self, method: str, path: str, text: str = "") -> Fault | None:
        """The first pending fault that matches, counted as used."""
        for fault in self._pending:
            if fault.matches(method, path, text):
                fault.hits += 1
                return fault
        return None

    async def choose(self, request: web.Request, path: str) -> Fault | None:
        """The fault to apply to this request, pending or random."""
        fault = self.take(request.method, path, await _text(request) if self.reads_text else "")
        return self.by_chance(request, path) if fault is None and self.by_chance is not None else fault

    # Common faults by name

    def rate_limit(
        self, method: str, path: str, *, retry_after: float = 0.2, scope: str = "user", times: int = 1
    ) -> Fault:
        return self.http(method, path, status=429, retry_after=retry_after, scope=scope, times=times)

    def server_error(self, method: str, path: str, *, status: int = 502, times: int = 1) -> Fault:
        return self.http(method, path, status=status, times=times)

    def drop_connection(self, method: str, path: str, *, when: str = "after", times: int = 1) -> Fault:
        return self.http(method, path, drop=when, times=times)

    def repeat(self, method: str, path: str, *, times: int = 1) -> Fault:
        return self.http(method, path, repeats=True, times=times)

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> Fault:
        return self.http(method, path, delay=seconds, times=times)

    def unknown_webhook(self, method: str = "*", *, times: int = 1) -> Fault:
        return self.http(method, "/webhooks/*", status=404, code=10015, message="Unknown Webhook", times=times)

    def missing_permissions(self, method: str, path: str, *, times: int = 1) -> Fault:
        return self.http(method, path, status=403, code=50013, message="Missing Permissions", times=times)

    def automod(self, phrase: str, *, times: int = 1) -> Fault:
        """AutoMod blocks messages that contain a phrase, whichever route they are sent or edited through."""
        message = "Message was blocked by automatic moderation"
        return self.http("POST|PATCH", "*", status=400, code=200000, message=message, phrase=phrase, times=times)

    def too_large(self, method: str, path: str, *, times: int = 1) -> Fault:
        return self.http(method, path, status=413, code=40005, message="Request entity too large", times=times)


async def _text(request: web.Request) -> str:
    """A request's JSON; empty if it is malformed, which the route reports."""
    try:
        body, _ = await read_body(request)
    except ApiError:
        return ""
    return json.dumps(body, ensure_ascii=False)


async def apply_before(fault: Fault, request: web.Request) -> web.Response | None:
    """Apply what happens instead of the request or ahead of it: a delay, a lost connection or an error response."""
    if fault.on_arrival is not None:
        fault.on_arrival()
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.drop == "before":
        hang_up(request)
    if fault.status is None:
        return None
    if fault.status == 429:
        global_scope = {"X-RateLimit-Global": "true"} if fault.scope == "global" else {}
        return too_many(fault.retry_after or 0.2, {"X-RateLimit-Scope": fault.scope, **global_scope})
    return json_response({"message": fault.message, "code": fault.code}, fault.status)


def apply_after(fault: Fault, request: web.Request) -> None:
    """Apply what happens to a request that has taken effect: losing its response."""
    if fault.on_applied is not None:
        fault.on_applied()
    if fault.drop == "after":
        hang_up(request)


def hang_up(request: web.Request) -> None:
    """Abort the connection without a response."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("connection dropped by a fault")
