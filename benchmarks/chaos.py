"""What is killed in a soak, and when, and who starts the bot again; with the trouble around it."""

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

from benchmarks.soak_journal import Journal
from benchmarks.soak_trouble import Trouble
from bot.local.process import BotProcess, Part
from playground.rest.faults import Fault

PARTS: tuple[Part, ...] = ("bot", "engine", "PostgreSQL")
WEIGHTS = (4, 3, 3)
#: where a kill waits for a request of the bot: when it arrives, when it is applied, when it is answered
MOMENTS = ("picture arrives", "picture applied", "picture answered", "defer applied", "defer answered")
NASTY = 0.5  # of the kills of the bot and of PostgreSQL
FIRST_KILL = 3  # asks before it; the first ones are calm, so that there is something to reroll
WAIT_FOR_MOMENT = 12.0  # seconds, after which it happens at any moment
MOST_OWN_ENDS = 10  # times that the bot may end by itself, before it counts as looping


class CrashLoop(RuntimeError):
    """The bot does not stay up by itself; carries the end of its log."""


@dataclass
class Kill:
    """After `asks` asks and `delay` seconds, or at the next `moment` after them."""

    asks: int
    part: Part
    moment: str | None
    delay: float


@dataclass
class Chaos:
    """An async context manager around the asking; `calm` ends all trouble before."""

    bot: BotProcess
    journal: Journal
    random: random.Random
    jobs: int
    kills: int
    #: the one part that is killed; None: each, by its weight
    only: Part | None = None
    done: Counter[str] = field(default_factory=Counter)
    #: times that the bot ended, killed or not
    ends: int = 0

    def __post_init__(self) -> None:
        self._plan = sorted((self._kill() for _ in range(self.kills)), key=lambda kill: kill.asks)
        self._armed: list[Kill] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.trouble = Trouble(self.bot.discord, self.journal, self.random, self._due)

    async def __aenter__(self) -> Self:
        await self.trouble.__aenter__()
        self._keeper = asyncio.create_task(self._keep_bot_up())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (self._keeper, *self._tasks):
            task.cancel()
        await asyncio.gather(self._keeper, *self._tasks, return_exceptions=True)
        await self.trouble.__aexit__(kind, error, trace)

    @property
    def own_ends(self) -> int:
        """Times that the bot ended and nobody had killed it."""
        return self.ends - self.done["bot"]

    @property
    def keeper(self) -> asyncio.Task[None]:
        """Ends only with CrashLoop."""
        return self._keeper

    def on_ask(self, number: int) -> None:
        """So many asks were taken: let those kills happen whose time it is."""
        while self._plan and self._plan[0].asks <= number:
            kill = self._plan.pop(0)
            if kill.moment is not None:
                self._armed.append(kill)
            self._start(self._strike_in_time(kill))

    async def calm(self) -> None:
        """Let the kills under way happen, then end all trouble."""
        self.on_ask(self.jobs)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.trouble.stop()
        self.journal.note("--- calm ---")

    # Kills

    def _kill(self) -> Kill:
        part: Part = self.only or self.random.choices(PARTS, WEIGHTS)[0]
        is_nasty = part != "engine" and self.random.random() < NASTY
        moment = self.random.choice(MOMENTS) if is_nasty else None
        asks = self.random.randint(FIRST_KILL, max(FIRST_KILL, int(self.jobs * 0.95)))
        return Kill(asks, part, moment, self.random.uniform(0, 1.5))

    async def _strike_in_time(self, kill: Kill) -> None:
        if kill.moment is None:
            await asyncio.sleep(kill.delay)
            await self._insist(lambda: self._strike(kill, "at any moment"), None)
        elif not await self._insist(lambda: kill not in self._armed, WAIT_FOR_MOMENT):
            self._armed.remove(kill)
            await self._insist(lambda: self._strike(kill, "at last"), None)

    async def _insist(self, is_done: Callable[[], bool], timeout: float | None) -> bool:
        """Ask again and again; False, if it was not done in time."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not is_done():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _strike(self, kill: Kill, when: str) -> bool:
        """False, if there is nothing to kill just now."""
        if not self.bot.kill(kill.part):
            return False
        self.done[kill.part] += 1
        self.journal.note(f"--- kill -9 {kill.part}, {when} ---")
        return True

    async def _keep_bot_up(self) -> None:
        """As a process manager does."""
        while True:
            code = await self.bot.wait()
            self.ends += 1
            self.journal.note(f"--- the bot ended with code {code} ---")
            if self.own_ends > MOST_OWN_ENDS:
                raise CrashLoop(f"the bot ended {self.own_ends} times by itself\n{self._last_words()}")
            await asyncio.sleep(self.random.uniform(0, 1))
            try:
                tries = await self.bot.respawn()
            except (RuntimeError, TimeoutError) as error:
                raise CrashLoop(str(error)) from error
            self.ends += tries - 1
            self.journal.note(f"--- the bot is up, try {tries} ---")

    def _last_words(self) -> str:
        return self.bot.log.read_text(errors="replace")[-2000:]

    # The moments of the network

    def _due(self, request: web.Request, path: str) -> Fault | None:
        is_picture = request.content_type == "multipart/form-data"
        occasion = "picture" if is_picture else "defer" if path.endswith("/callback") else ""
        kill = next((one for one in self._armed if occasion and (one.moment or "").startswith(occasion)), None)
        if kill is None:
            return None
        when = f"{kill.moment}: {request.method} {path[:60]}"
        match (kill.moment or "").split()[-1]:
            case "arrives":
                return Fault(request.method, path, drop="before", on_arrival=self._once(kill, when))
            case "applied" if kill.part == "bot":
                return Fault(request.method, path, drop="after", on_applied=self._once(kill, when))
            case "applied":  # the bot hears of it, and its database is gone
                return Fault(request.method, path, on_applied=self._once(kill, when))
            case _:
                strike, loop = self._once(kill, when), asyncio.get_running_loop()
                pause = self.random.uniform(0, 0.03)
                return Fault(request.method, path, on_applied=lambda: loop.call_later(pause, strike) and None)

    def _once(self, kill: Kill, when: str) -> Callable[[], None]:
        self._armed.remove(kill)

        def strike() -> None:
            if not self._strike(kill, when):
                self._armed.append(kill)  # it fell together with another; the next occasion will do

        return strike

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
