"""The bot as a process of its own, against a playground: started, stopped hard, started again on the same data."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from bot.settings import environment_with
from playground import Discord
from services.storage import EmbeddedPostgres

START_TIMEOUT = 120.0  # seconds
STOP_TIMEOUT = 15.0  # seconds
REVIVE_PAUSE = 0.5  # seconds between two tries to start

#: what can be killed by itself
Part = Literal["bot", "engine", "PostgreSQL"]


class BotProcess:
    """`python -m bot run` with its own database and data folder, and a log beside them."""

    def __init__(self, discord: Discord, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are an operator's, named as in the environment."""
        self.discord = discord
        self.folder = folder
        self._settings = settings or {}
        self._postgres = EmbeddedPostgres(folder / "postgresql")
        self._process: Process | None = None
        self._killed: set[int] = set()  # a process that was killed has an id until somebody looks

    async def __aenter__(self) -> Self:
        await self._postgres.__aenter__()
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        await self._postgres.__aexit__(kind, error, trace)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def engine_pid(self) -> int | None:
        """The process that draws, while there is one. Linux only."""
        return next((pid for pid in _children(self.pid) if b"services.engine.host" in _command_line(pid)), None)

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def database_url(self) -> str:
        return self._postgres.url

    async def start(self) -> None:
        """Start the bot and wait until it is connected and its commands are there.

        Raises: RuntimeError, with the end of its log, if it does not come up.
        """
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment_with(
                    **self._settings,
                    DISCORD_TOKEN=self.discord.token,
                    DISCORD_API_BASE=self.discord.rest_url,
                    DISCORD_GATEWAY=self.discord.gateway_url,
                    DATABASE_URL=self._postgres.url,
                    DATA_DIR=str(self.folder),
                ),
            )
        connected = asyncio.create_task(self.discord.until_connected(START_TIMEOUT))
        ended = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done() or connected.exception() is not None:
                words = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
                raise RuntimeError(f"The bot did not come up.\n{words}")
        finally:
            connected.cancel()
            ended.cancel()

    async def ended(self) -> int:
        """Wait until the bot's process has ended, for whatever reason; its exit code, negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def revive(self, tries: int = 5) -> int:
        """Start it after it has ended, as often as it takes; returns how often that was.

        Raises: RuntimeError, with the end of its log, if it ends each time.
        """
        await self._until_unheard()
        for number in range(1, tries):
            try:
                await self.start()
            except RuntimeError:
                await self.stop(hard=True)  # one that hangs while it starts must not go on beside the next
                await asyncio.sleep(REVIVE_PAUSE)
            else:
                return number
        await self.start()
        return tries

    def kill(self, part: Part) -> bool:
        """Kill -9 one part, at once; False, if it does not run just now."""
        pid = {"bot": self.pid, "engine": self.engine_pid, "PostgreSQL": self._postgres.pid}[part]
        if pid is None or pid in self._killed:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self._killed.add(pid)
        return True

    @asynccontextmanager
    async def database_away(self, *, hanging: bool = False) -> AsyncIterator[None]:
        """No database meanwhile: stopped in good order, or hanging, which only Linux can do to it."""
        if not hanging:
            await self._postgres.__aexit__(None, None, None)
            yield
            await self._postgres.__aenter__()
            return
        server = self._postgres.pid
        pids = [*_children(server), *([server] if server else [])]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def stop(self, *, hard: bool = False) -> None:
        """Ask it to end, or kill it."""
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        """Kill it and start it again on the same database."""
        await self.stop(hard=True)
        await self._until_unheard()
        await self.start()

    async def _until_unheard(self) -> None:
        """Else the connection of the one that was killed passes for that of the next."""
        await self.discord.until(lambda: None if self.discord.gateway.connected else True, 10, lambda: "it still talks")


def _children(pid: int | None) -> list[int]:
    """Processes that this one started; none where there is no /proc."""
    return [int(one.name) for one in Path("/proc").glob("[0-9]*") if _parent(one) == pid] if pid else []


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it ended meanwhile
        return None


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
