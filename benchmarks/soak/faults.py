"""Random network and gateway faults: requests lost, repeated and refused, connections dropped, events sent twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from benchmarks.soak.journal import Journal
from playground import Discord
from playground.rest.faults import Fault
from playground.world import Channel, Json

REST_RATE = 0.05  # share of REST requests with a fault
REPEAT_RATE = 0.06  # share of interactions and reactions that are sent twice
REPEAT_DELAYS = (0.0, 0.02, 0.5)  # seconds until an event is sent again
GATEWAY_INTERVAL = (2.0, 7.0)  # seconds between two gateway faults
GATEWAY_FAULTS = {"dropped": 4, "op 7": 3, "op 9, resumable": 2, "op 9": 1}
#: a failed login only ends the bot, which a kill does as well
_FAULTY_PATHS = ("/interactions/", "/webhooks/", "/channels/")


@dataclass
class RandomFaults:
    """An async context manager that injects faults until `stop`."""

    discord: Discord
    journal: Journal
    random: random.Random
    #: chooses a planned fault for a request; also asked after `stop`
    planned: Callable[[web.Request, str], Fault | None]
    injected: Counter[str] = field(default_factory=Counter)
    _is_on: bool = True

    async def __aenter__(self) -> Self:
        self.discord.faults.by_chance = self._choose
        self.discord.world.listeners.append(self._repeat)
        self._gateway = asyncio.create_task(self._break_gateway())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        await asyncio.gather(self._gateway, return_exceptions=True)

    def stop(self) -> None:
        self._is_on = False
        self._gateway.cancel()

    def _choose(self, request: web.Request, path: str) -> Fault | None:
        if (planned := self.planned(request, path)) is not None:
            return planned
        if not self._is_on or not path.startswith(_FAULTY_PATHS) or self.random.random() > REST_RATE:
            return None
        name = self.random.choice(("lost request", "lost answer", "request twice", "502"))
        self.injected[name] += 1
        self.journal.note(f"{name}: {request.method} {path[:70]}", *ids_in(path))
        drop = {"lost request": "before", "lost answer": "after"}.get(name)
        status = 502 if name == "502" else None
        return Fault(request.method, path, drop=drop, status=status, repeats=name == "request twice")

    async def _break_gateway(self) -> None:
        gateway = self.discord.gateway
        while True:
            await asyncio.sleep(self.random.uniform(*GATEWAY_INTERVAL))
            if not gateway.connected:
                continue
            kind = self.random.choices(list(GATEWAY_FAULTS), list(GATEWAY_FAULTS.values()))[0]
            self.injected[f"gateway {kind}"] += 1
            self.journal.note(f"--- gateway {kind} ---")
            match kind:
                case "dropped":
                    await gateway.drop()
                case "op 7":
                    gateway.reconnect()
                case _:
                    gateway.invalidate(resumable="resumable" in kind)

    def _repeat(self, event: str, data: Json, channel: Channel | None, only_for: int | None) -> None:
        is_request = event in ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD")
        if not (is_request and self._is_on and self.random.random() < REPEAT_RATE):
            return
        about = data.get("id") or data.get("message_id")
        self.injected["event twice"] += 1
        self.journal.note(f"twice: {event} {about}", *ids_in(str(about)))
        delay = self.random.choice(REPEAT_DELAYS)
        asyncio.get_running_loop().call_later(delay, self.discord.gateway.duplicate_last)


def ids_in(path: str) -> list[int]:
    """The interaction and message ids in a path, without the channel's id, which would match too many lines."""
    first, *rest = path.removeprefix("/interactions/").removeprefix("/webhooks/").split("/")
    return [int(part) for part in (first, *rest) if part.isdigit() and not path.startswith(f"/channels/{part}")]
