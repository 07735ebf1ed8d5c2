"""The server side of a local Discord: a world with the REST API and the gateway on top. No people and no page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web

from playground.actions.interactions import Interactions
from playground.gateway.gateway import Gateway
from playground.rest.api import Rest
from playground.rest.exchange import MAX_LOG, Exchange, Log
from playground.rest.faults import Faults
from playground.rest.limits import RateLimits
from playground.rest.webhooks import InteractionRoutes
from playground.wire.messages import message_json
from playground.wire.pictures import picture_in
from playground.wire.views import Attachment, Message
from playground.world import Channel, Guild, MessageRecord, User, World
from playground.world.clock import Clock

T = TypeVar("T")

ACK_WINDOW = 3.0  # seconds


class Server:
    """An async context manager that listens on 127.0.0.1 only."""

    def __init__(
        self, port: int = 0, *, ack_window: float = ACK_WINDOW, rate_limits: bool = False, spec: Path | None = None
    ) -> None:
        self._wanted_port = port
        self._spec = spec
        self.clock = Clock()
        self.world = World(self.clock)
        self.faults = Faults()
        self.rate_limits = RateLimits(self.clock, enforced=rate_limits)
        self.log: Log = deque(maxlen=MAX_LOG)
        self.gateway = Gateway(self.world)
        self.interactions = Interactions(self.world, ack_window)
        self.app = web.Application(client_max_size=32 * 1024 * 1024)
        self._notes: list[str] = []
        self._changed = asyncio.Event()
        self.world.listeners.append(lambda *_: self._changed.set())
        self.guild = self.add_guild("Negative Space", ["pictures", "general"])
        self._add_routes()

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._wanted_port)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.world.base_url = self.base_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.drop(1001)
        await self._runner.cleanup()

    # Addresses

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"{self.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def token(self) -> str:
        return self.world.token

    # The world

    def add_guild(self, name: str, channels: Iterable[str], *, has_bot: bool = True) -> Guild:
        return self.world.add_guild(name, channels, has_bot=has_bot)

    def add_channel(self, name: str, guild: Guild | None = None, *, age_restricted: bool = False) -> Channel:
        return self.world.add_channel(guild or self.guild, name, age_restricted=age_restricted)

    def channel(self, name: str, guild: Guild | None = None) -> Channel:
        return next(channel for channel in (guild or self.guild).channels.values() if channel.name == name)

    async def until_connected(self, timeout: float = 60, *, sessions: int = 1) -> None:
        """Wait until a bot has identified and synced its commands."""

        def ready() -> bool | None:
            return (len(self.gateway.connected) >= sessions and bool(self.world.commands)) or None

        await self.until(ready, timeout, lambda: "no bot has connected and synced its commands")

    # Observing

    def view(self, record: MessageRecord, viewer: User) -> Message:
        return Message(message_json(record, viewer.id), deleted=record.deleted)

    async def until(self, found: Callable[[], T | None], timeout: float, otherwise: Callable[[], str]) -> T:
        """The first result of `found` that isn't None; it is called again whenever something happens.

        Raises: TimeoutError, with the text that `otherwise` returns.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while (result := found()) is None:
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                raise TimeoutError(f"after {timeout:g} s {otherwise()}")
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(remaining, 0.25))
        return result

    async def wait_for(self, holds: Callable[[Message], bool], timeout: float = 30) -> Message:
        """The newest message in any channel for which `holds` is true, once there is one."""
        viewer = self.world.bot

        def found() -> Message | None:
            records = [record for channel in self.world.channels.values() for record in channel.messages.values()]
            views = [self.view(record, viewer) for record in records if not record.deleted]
            return max(filter(holds, views), key=lambda message: message.id, default=None)

        return await self.until(found, timeout, lambda: "no matching message appeared")

    async def fetch(self, attachment: Attachment) -> bytes:
        """Download a file over HTTP, as a client does."""
        async with aiohttp.ClientSession() as session, session.get(attachment.url) as response:
            response.raise_for_status()
            return await response.read()

    # Problems

    def note(self, problem: str) -> None:
        """Record a problem that a test should fail on."""
        self._notes.append(problem)

    def problems(self) -> list[str]:
        """Requests to unknown routes, unacknowledged interactions, and violations of the specification."""
        unknown = [
            f"{exchange.method} {exchange.path} is not implemented" for exchange in self.log if _is_unrouted(exchange)
        ]
        violations: list[str] = []
        if self._spec is not None:
            from playground.rest.oas import Specification

            violations = Specification.load(self._spec).violations(self.log)
        return [*unknown, *self._notes, *violations]

    def assert_clean(self) -> None:
        """Raise AssertionError listing everything that Discord wouldn't have accepted."""
        problems = self.problems()
        if problems:
            raise AssertionError("\n".join(["the playground found problems:", *problems]))

    def _add_routes(self) -> None:
        rest = Rest(self.world, self.faults, self.rate_limits, self.log)
        self.app.middlewares.append(rest.middleware)
        rest.add_routes(self.app)
        InteractionRoutes(self.world, self.interactions).add_routes(self.app)
        self.app.router.add_get("/gateway", self.gateway.handle)
        self.app.router.add_get("/gateway/", self.gateway.handle)
        self.app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._attachment)

    async def _attachment(self, request: web.Request) -> web.Response:
        found = self.world.attachments.get(int(request.match_info["attachment_id"]))
        if found is None or found[0] != request.match_info["filename"]:
            return web.Response(status=404)
        picture = picture_in(found[1])
        return web.Response(body=found[1], content_type=picture.content_type if picture else "application/octet-stream")


def _is_unrouted(exchange: Exchange) -> bool:
    """Whether the route itself was missing, rather than the object it names."""
    response: Any = exchange.response
    is_error = exchange.status == 404 and isinstance(response, dict)
    return is_error and "is not implemented" in response.get("message", "")
