"""Fetch a file that a member names by its address: from allowed hosts alone, at every hop, and never more than the limit.

An address is a way into the operator's own network for whoever may write one, so the names are checked before anything is
asked, and the addresses behind the names when the connection is made.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from services.errors import UserError

MAX_REDIRECTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10)
_CHUNK = 64 * 1024  # bytes
_FILENAME = re.compile(r"""filename\*?=(?:UTF-8'')?"?([^";]+)""", re.IGNORECASE)


class Downloads:
    """Files from `hosts` and their subdomains. `connector` is for tests that are their own internet."""

    def __init__(self, hosts: Iterable[str], *, max_bytes: int, connector: aiohttp.BaseConnector | None = None) -> None:
        self._hosts = tuple(host.strip().lower() for host in hosts if host.strip())
        self._max_bytes = max_bytes
        self._connector = connector

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """The file's bytes and its name.

        Raises: UserError.
        """
        self._check(url)
        connector = self._connector or aiohttp.TCPConnector(resolver=PublicAddresses())
        try:
            async with aiohttp.ClientSession(
                connector=connector, connector_owner=self._connector is None, timeout=TIMEOUT
            ) as session:
                return await self._follow(session, url)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UserError(
                f"The file could not be fetched from {_host(url)} ({type(error).__name__}); attach it instead."
            ) from error

    async def _follow(self, session: aiohttp.ClientSession, url: str) -> tuple[bytes, str]:
        for _ in range(MAX_REDIRECTS + 1):
            async with session.get(url, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("Location", ""))
                    self._check(url, "That address leads on to {host}, and only {hosts} may be asked")
                    continue
                if response.status != 200:
                    raise UserError(f"{_host(url)} answers with {response.status}; attach the file instead.")
                return await self._read(response), _name(response)
        raise UserError(f"{_host(url)} sends me from one address to the next; attach the file instead.")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > self._max_bytes:
                raise UserError(f"That file is larger than {self._max_bytes:,} bytes, which no embedding is.")
        return bytes(data)

    def _check(self, url: str, sentence: str = "Files are fetched from {hosts} alone, not from {host}") -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" or parts.username or parts.port not in (None, 443):
            raise UserError("Give an address that begins with https:// and has no password or port in it.")
        if not any(host == allowed or host.endswith(f".{allowed}") for allowed in self._hosts):
            named = sentence.format(hosts=", ".join(self._hosts), host=host[:80])
            raise UserError(f"{named}; attach the file instead.")


class PublicAddresses(AbstractResolver):
    """Resolves names, and refuses those that stand for this machine or its network."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if ipaddress.ip_address(one["host"]).is_global]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def _name(response: Any) -> str:
    """What the server calls the file, else the last part of the address."""
    told = _FILENAME.search(response.headers.get("Content-Disposition", ""))
    return unquote(told[1]).strip() if told else unquote(response.url.path.rpartition("/")[2])


def _host(url: str) -> str:
    return urlsplit(url).hostname or "that address"
