"""The bot as a process of its own, against a playground: started, stopped hard, started again on the same data."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.settings import environment_with
from playground import Discord
from services.storage import EmbeddedPostgres

START_TIMEOUT = 120.0  # seconds
STOP_TIMEOUT = 15.0  # seconds


class BotProcess:
    """`python -m bot run` with its own database and data folder, and a log beside them."""

    def __init__(self, discord: Discord, folder: Path, *, echo: bool = False) -> None:
        self._discord = discord
        self._folder = folder
        self._echo = echo
        self._postgres = EmbeddedPostgres(folder / "postgresql")
        self._process: Process | None = None

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
        return self._process.pid if self._process else None

    @property
    def log(self) -> Path:
        return self._folder / "bot.log"

    @property
    def database_url(self) -> str:
        return self._postgres.url

    async def start(self) -> None:
        """Start the bot and wait until it is connected and its commands are there.

        Raises: RuntimeError, with the end of its log, if it does not come up.
        """
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=None if self._echo else output,
                stderr=None if self._echo else output,
                env=environment_with(
                    DISCORD_TOKEN=self._discord.token,
                    DISCORD_API_BASE=self._discord.rest_url,
                    DISCORD_GATEWAY=self._discord.gateway_url,
                    DATABASE_URL=self._postgres.url,
                    DATA_DIR=str(self._folder),
                ),
            )  # fmt: skip
        connected = asyncio.create_task(self._discord.until_connected(START_TIMEOUT))
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done() or connected.exception() is not None:
            connected.cancel()
            words = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
            raise RuntimeError(f"The bot did not come up.\n{words}")
        ended.cancel()

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
        await self._discord.until(
            lambda: None if self._discord.gateway.connected else True, 10, lambda: "it still talks"
        )
        await self.start()
