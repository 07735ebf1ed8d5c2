"""The kills of a soak: what is killed and when, amid random faults, with the bot started again each time."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from benchmarks.soak.database import DatabaseTroubles
from benchmarks.soak.faults import RandomFaults
from benchmarks.soak.journal import Journal
from bot.local.process import BotProcess, Part, StartFailed
from playground.rest.faults import Fault

PARTS: tuple[Part, ...] = ("bot", "engine", "PostgreSQL")
WEIGHTS = (4, 3, 3)
#: points in the bot's REST requests that a kill can wait for
MOMENTS = ("picture arrives", "picture applied", "picture answered", "defer applied", "defer answered")
TIMED_SHARE = 0.5  # of the bot's and PostgreSQL's kills happen at one of these moments
FIRST_KILL = 3  # accepted requests before it; the first ones are undisturbed, so that there are pictures to reroll
MOMENT_TIMEOUT = 12.0  # seconds, after which the kill happens whatever the bot is doing
MAX_OWN_EXITS = 10  # times that the bot may end without being killed; more is a crash loop


class CrashLoop(RuntimeError):
    """The bot keeps ending without being killed. The message has the end of its log."""


@dataclass
class Kill:
    """Due `delay` seconds after `accepted` requests, or at the next `moment` after them."""

    accepted: int
    part: Part
    moment: str | None
    delay: float


@dataclass
class Chaos:
    """An async context manager: kills and faults happen inside it, until `calm`."""

    bot: BotProcess
    journal: Journal
    random: random.Random
    jobs: int
    kills: int
    #: the only part to kill; None kills each part by its weight
    only: Part | None = None
    done: Counter[str] = field(default_factory=Counter)
    #: times that the bot ended, killed or not
    exits: int = 0

    def __post_init__(self) -> None:
        self._plan = sorted((self._plan_kill() for _ in range(self.kills)), key=lambda kill: kill.accepted)
        self._armed: list[Kill] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults = RandomFaults(self.bot.discord, self.journal, self.random, self._fault_for_kill)
        troubles = random.Random(self.random.random())  # their own, so that they don't change when anything is killed
        self.database = DatabaseTroubles(self.bot, self.journal, troubles)

    async def __aenter__(self) -> Self:
        await self.faults.__aenter__()
        await self.database.__aenter__()
        self._keeper = asyncio.create_task(self._keep_bot_up())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (self._keeper, *self._tasks):
            task.cancel()
        await asyncio.gather(self._keeper, *self._tasks, return_exceptions=True)
        await self.database.__aexit__(kind, error, trace)
        await self.faults.__aexit__(kind, error, trace)

    @property
    def own_exits(self) -> int:
        """Times that the bot ended without being killed."""
        return self.exits - self.done["bot"]

    @property
    def keeper(self) -> asyncio.Task[None]:
        """The task that starts the bot again; it only ends with CrashLoop."""
        return self._keeper

    def on_accepted(self, number: int) -> None:
        """Start the kills that are due after `number` accepted requests."""
        while self._plan and self._plan[0].accepted <= number:
            kill = self._plan.pop(0)
            if kill.moment is not None:
                self._armed.append(kill)
            self._start(self._strike_in_time(kill))

    async def calm(self) -> None:
        """Finish all kills, then stop injecting faults and making trouble."""
        self.on_accepted(self.jobs)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.database.stop()
        self.faults.stop()
        self.journal.note("--- calm ---")

    # Kills

    def _plan_kill(self) -> Kill:
        part: Part = self.only or self.random.choices(PARTS, WEIGHTS)[0]
        is_timed = part != "engine" and self.random.random() < TIMED_SHARE
        moment = self.random.choice(MOMENTS) if is_timed else None
        accepted = self.random.randint(FIRST_KILL, max(FIRST_KILL, int(self.jobs * 0.95)))
        return Kill(accepted, part, moment, self.random.uniform(0, 1.5))

    async def _strike_in_time(self, kill: Kill) -> None:
        if kill.moment is None:
            await asyncio.sleep(kill.delay)
            await self._poll(lambda: self._strike(kill, "at a random time"), None)
        elif not await self._poll(lambda: kill not in self._armed, MOMENT_TIMEOUT):
            self._armed.remove(kill)
            await self._poll(lambda: self._strike(kill, "its moment didn't come"), None)

    async def _poll(self, is_done: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `is_done`; returns False on a timeout."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not is_done():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _strike(self, kill: Kill, when: str) -> bool:
        """Kill the part; returns False if it isn't running."""
        if not self.bot.kill(kill.part):
            return False
        self.done[kill.part] += 1
        self.journal.note(f"--- kill -9 {kill.part}, {when} ---")
        return True

    async def _keep_bot_up(self) -> None:
        """Start the bot again whenever it ends, like a process manager."""
        while True:
            code = await self.bot.wait()
            self.exits += 1
            self.journal.note(f"--- the bot ended with code {code} ---")
            if self.own_exits > MAX_OWN_EXITS:
                raise CrashLoop(f"the bot ended {self.own_exits} times without being killed\n{self._log_tail()}")
            await asyncio.sleep(self.random.uniform(0, 1))
            try:
                attempts = await self.bot.respawn()
            except (StartFailed, TimeoutError) as error:
                raise CrashLoop(str(error)) from error
            self.exits += attempts - 1
            self.journal.note(f"--- the bot is up, attempt {attempts} ---")

    def _log_tail(self) -> str:
        return self.bot.log.read_text(errors="replace")[-2000:]

    # Kills at a moment of a request

    def _fault_for_kill(self, request: web.Request, path: str) -> Fault | None:
        is_picture = request.content_type == "multipart/form-data"
        step = "picture" if is_picture else "defer" if path.endswith("/callback") else ""
        kill = next((kill for kill in self._armed if step and (kill.moment or "").startswith(step)), None)
        if kill is None:
            return None
        when = f"{kill.moment}: {request.method} {path[:60]}"
        match (kill.moment or "").split()[-1]:
            case "arrives":
                return Fault(request.method, path, drop="before", on_arrival=self._strike_once(kill, when))
            case "applied" if kill.part == "bot":
                return Fault(request.method, path, drop="after", on_applied=self._strike_once(kill, when))
            case "applied":  # the bot gets its answer, but its database is gone
                return Fault(request.method, path, on_applied=self._strike_once(kill, when))
            case _:
                strike, loop = self._strike_once(kill, when), asyncio.get_running_loop()
                pause = self.random.uniform(0, 0.03)
                return Fault(request.method, path, on_applied=lambda: loop.call_later(pause, strike) and None)

    def _strike_once(self, kill: Kill, when: str) -> Callable[[], None]:
        self._armed.remove(kill)

        def strike() -> None:
            if not self._strike(kill, when):
                self._armed.append(kill)  # the part is already down; try again at the next such moment

        return strike

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
