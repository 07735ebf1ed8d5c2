"""The bot as a child process connected to a playground: start it, kill it, and start it again on the same data."""

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
LOG_TAIL = 2000  # characters of the log shown when the bot doesn't start
RESPAWN_PAUSE = 0.5  # seconds between two attempts to start

#: what can be killed separately
Part = Literal["bot", "engine", "PostgreSQL"]


class StartFailed(RuntimeError):
    """The bot ended or hung while it started. The message has the end of its log."""


class BotProcess:
    """`python -m bot run` with its own database and data folder, where it also writes its log."""

    def __init__(self, discord: Discord, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are an operator's, named as in the environment."""
        self.discord = discord
        self.folder = folder
        self._settings = settings or {}
        self._postgres = EmbeddedPostgres(folder / "postgresql")
        self._process: Process | None = None
        self._killed: set[int] = set()  # a killed process keeps its id until it is waited for

    async def __aenter__(self) -> Self:
        await self._postgres.__aenter__()
        try:
            await self.start()
        except BaseException:  # else the database, and a bot that hangs, would outlive this process
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await self.stop()
        await self._postgres.__aexit__(None, None, None)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def engine_pid(self) -> int | None:
        """The process that renders, if it is running. Linux only."""
        return next((pid for pid in _children(self.pid) if b"services.engine" in _command_line(pid)), None)

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def database_url(self) -> str:
        return self._postgres.url

    async def start(self) -> None:
        """Start the bot and wait until it is connected and its commands are synced.

        Raises: StartFailed.
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
        exited = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({connected, exited}, return_when=asyncio.FIRST_COMPLETED)
            if exited.done() or connected.exception() is not None:
                tail = self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""
                raise StartFailed(f"The bot didn't start. The end of its log:\n{tail}")
        finally:
            connected.cancel()
            exited.cancel()

    async def wait(self) -> int:
        """Wait until the bot's process has ended, and return its exit code, negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def respawn(self, attempts: int = 5) -> int:
        """Start the bot after it ended, and return how many attempts that took.

        Raises: StartFailed if the last attempt fails too.
        """
        await self._until_disconnected()
        for number in range(1, attempts):
            try:
                await self.start()
            except StartFailed:
                await self.stop(hard=True)  # a process that hangs during start-up must not run beside the next one
                await asyncio.sleep(RESPAWN_PAUSE)
            else:
                return number
        await self.start()
        return attempts

    def kill(self, part: Part) -> bool:
        """Send SIGKILL to one part. Returns False if it isn't running."""
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
    async def database_down(self, *, hanging: bool = False) -> AsyncIterator[None]:
        """Keep the database down inside the block: shut down, or frozen with SIGSTOP (Linux only)."""
        if not hanging:
            await self._postgres.__aexit__(None, None, None)
            try:
                yield
            finally:
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

    def configure_database(self, setting: str, value: str | None) -> None:
        """Change a setting of the running server, or take the change back; connections that are open have it too."""
        # PostgreSQL's own file for what is changed while it runs
        path = self._postgres.folder / "data" / "postgresql.auto.conf"
        others = [line for line in path.read_text().splitlines() if not line.startswith(f"{setting} =")]
        path.write_text("\n".join([*others, *([f"{setting} = '{value}'"] if value is not None else [])]) + "\n")
        if self._postgres.pid is not None:  # else it reads the file when it starts
            with suppress(ProcessLookupError):
                os.kill(self._postgres.pid, signal.SIGHUP)

    async def stop(self, *, hard: bool = False) -> None:
        """Stop the bot with SIGTERM, or with SIGKILL if `hard`; a bot that ignores SIGTERM is killed."""
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
        """Kill the bot and start it again on the same database."""
        await self.stop(hard=True)
        await self._until_disconnected()
        await self.start()

    async def _until_disconnected(self) -> None:
        """Wait until the killed bot's connection is gone, or `start` would take it for the new one."""
        await self.discord.until(
            lambda: None if self.discord.gateway.connected else True, 10, lambda: "the bot is still connected"
        )


def _children(pid: int | None) -> list[int]:
    """The process's children; empty on systems without /proc."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _parent(process) == pid] if pid else []


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it has just ended
        return None


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
