"""Ask for a file over https: redirects are checked one by one, secrets go to their own hosts, what passes is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from yarl import URL

from services.errors import UserError
from services.library.addresses import PublicResolver, host_of, parse_address

MAX_REDIRECTS = 4
ATTEMPTS = 3
#: seconds; a server that asks for a longer pause isn't waited for
MAX_PAUSE = 20.0
TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=20)
_REDIRECTS = {301, 302, 303, 307, 308}
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)

#: whether a redirect may be followed: the address that redirects, and where to
MayFollow = Callable[[URL, URL], bool]
#: bytes received so far, and bytes in all if the server says so
OnProgress = Callable[[int, int | None], None]


def ignore_progress(received: int, size: int | None) -> None:
    """For whom nobody waits."""


class NeedsLogin(UserError):
    """The host gives the file only to an account; `host` says which."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} gives that file only to people with an account; download it there, and attach it.")
        self.host = host


class _Passing(UserError):
    """What may work in a moment; `pause` is what the server asked for, in seconds."""

    def __init__(self, sentence: str, pause: float | None = None) -> None:
        super().__init__(sentence)
        self.pause = pause


_backoff = wait_exponential_jitter(multiplier=0.5, max=5)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, _Passing) else None
    return _backoff(state) if asked is None else asked


@dataclass(frozen=True)
class Transfers:
    """How this operator reaches the internet."""

    #: by the host that each belongs to; no other host ever sees it
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: address of an HTTP proxy, which then resolves host names
    proxy: str | None = None
    timeout: aiohttp.ClientTimeout = TIMEOUT
    attempts: int = ATTEMPTS
    #: leads to a test's own server
    connector: aiohttp.BaseConnector | None = None

    def retrying(self) -> AsyncRetrying:
        """Tries again what passes: a full line, a server's fault, a lost connection."""
        return AsyncRetrying(
            retry=retry_if_exception_type(_Passing), stop=stop_after_attempt(self.attempts), wait=_pause, reraise=True
        )

    @asynccontextmanager
    async def open(self, url: URL, may_follow: MayFollow, *, offset: int = 0) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response that has the file, from byte `offset` on if the server can.

        Raises: UserError, also for what fails while the file is read.
        """
        connector = self.connector or aiohttp.TCPConnector(resolver=None if self.proxy else PublicResolver())
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, connector_owner=self.connector is None, timeout=self.timeout
                ) as session,
                self._follow(session, url, may_follow, offset) as response,
            ):
                yield response
        except _FAILURES as error:
            raise _Passing(
                f"I couldn't download the file from {host_of(url)} ({type(error).__name__}); attach it instead."
            ) from error

    @asynccontextmanager
    async def _follow(
        self, session: aiohttp.ClientSession, url: URL, may_follow: MayFollow, offset: int
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        for _ in range(MAX_REDIRECTS + 1):
            async with session.get(
                url, headers=self._headers(url, offset), allow_redirects=False, proxy=self.proxy
            ) as response:
                if response.status not in _REDIRECTS:
                    _check(response, url)
                    yield response
                    return
                target = parse_address(response.headers.get("Location", ""), url)
                if not may_follow(url, target):
                    raise UserError(
                        f"That address leads on to {host_of(target)}, where I don't download from; attach the file instead."
                    )
                url = target
        raise UserError(f"{host_of(url)} redirects too many times; attach the file instead.")

    def _headers(self, url: URL, offset: int) -> dict[str, str]:
        token = self.tokens.get(url.raw_host or "")
        return {
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **({"Range": f"bytes={offset}-"} if offset else {}),
        }


def _check(response: aiohttp.ClientResponse, url: URL) -> None:
    """Raises: UserError, unless the response has the file."""
    status, host = response.status, host_of(url)
    if status in (200, 206):
        return
    if status in (401, 403):
        raise NeedsLogin(host)
    if status == 404:
        raise UserError(f"{host} no longer has that file (404); find it elsewhere, and attach it.")
    sentence = f"{host} answered with status {status}; try again in a few minutes, or attach the file instead."
    pause = _asked_pause(response)
    if (status == 429 or status >= 500) and (pause or 0) <= MAX_PAUSE:
        raise _Passing(sentence, pause)
    raise UserError(sentence)


def _asked_pause(response: aiohttp.ClientResponse) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:  # missing, or a date
        return None
