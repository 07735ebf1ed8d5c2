"""A bad network and a moody gateway: requests lost, repeated and refused, connections dropped, events that come twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from benchmarks.soak_journal import Journal
from playground import Discord
from playground.rest.faults import Fault
from playground.world import Channel, Json

REST_RATE = 0.05  # of the requests
ECHO_RATE = 0.06  # of the events that ask for something
ECHO_PAUSES = (0.0, 0.02, 0.5)  # seconds until an event comes again
GATEWAY_INTERVAL = (2.0, 7.0)  # seconds between two troubles of the gateway
GATEWAY_TROUBLES = {"dropped": 4, "op 7": 3, "op 9, resumable": 2, "op 9": 1}
#: a login that fails ends the bot, which is no more than another kill
_FRAGILE = ("/interactions/", "/webhooks/", "/channels/")


@dataclass
class Trouble:
    """An async context manager: trouble from its beginning until `stop`."""

    discord: Discord
    journal: Journal
    random: random.Random
    #: asked before chance is, also after `stop`
    planned: Callable[[web.Request, str], Fault | None]
    faults: Counter[str] = field(default_factory=Counter)
    _is_on: bool = True

    async def __aenter__(self) -> Self:
        self.discord.faults.by_chance = self._meet
        self.discord.world.listeners.append(self._echo)
        self._gateway = asyncio.create_task(self._trouble_gateway())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        await asyncio.gather(self._gateway, return_exceptions=True)

    def stop(self) -> None:
        self._is_on = False
        self._gateway.cancel()

    def _meet(self, request: web.Request, path: str) -> Fault | None:
        if (planned := self.planned(request, path)) is not None:
            return planned
        if not self._is_on or not path.startswith(_FRAGILE) or self.random.random() > REST_RATE:
            return None
        name = self.random.choice(("lost request", "lost answer", "request twice", "502"))
        self.faults[name] += 1
        self.journal.note(f"{name}: {request.method} {path[:70]}", *ids_in(path))
        drop = {"lost request": "before", "lost answer": "after"}.get(name)
        status = 502 if name == "502" else None
        return Fault(request.method, path, drop=drop, status=status, repeats=name == "request twice")

    async def _trouble_gateway(self) -> None:
        gateway = self.discord.gateway
        while True:
            await asyncio.sleep(self.random.uniform(*GATEWAY_INTERVAL))
            if not gateway.connected:
                continue
            kind = self.random.choices(list(GATEWAY_TROUBLES), list(GATEWAY_TROUBLES.values()))[0]
            self.faults[f"gateway {kind}"] += 1
            self.journal.note(f"--- gateway {kind} ---")
            match kind:
                case "dropped":
                    await gateway.drop()
                case "op 7":
                    gateway.reconnect()
                case _:
                    gateway.invalidate(resumable="resumable" in kind)

    def _echo(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        asks = event in ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD")
        if not (asks and self._is_on and self.random.random() < ECHO_RATE):
            return
        about = data.get("id") or data.get("message_id")
        self.faults["event twice"] += 1
        self.journal.note(f"twice: {event} {about}", *ids_in(str(about)))
        pause = self.random.choice(ECHO_PAUSES)
        asyncio.get_running_loop().call_later(pause, self.discord.gateway.duplicate_last)


def ids_in(path: str) -> list[int]:
    """The snowflakes of a path: its interaction or message, but not its channel, which says nothing."""
    first, *rest = path.removeprefix("/interactions/").removeprefix("/webhooks/").split("/")
    return [int(part) for part in (first, *rest) if part.isdigit() and not path.startswith(f"/channels/{part}")]
