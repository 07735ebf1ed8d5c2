"""Download a file whose address a member typed: only from allowed hosts, at every redirect, and within a size limit.

Anyone who may type an address could otherwise reach into the operator's own network (server-side request forgery). So host
names are checked before each request, and the IP addresses that they resolve to when the connection is made.
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
    """Downloads from `hosts` and their subdomains. Tests pass a `connector` that leads to their own server."""

    def __init__(self, hosts: Iterable[str], *, max_bytes: int, connector: aiohttp.BaseConnector | None = None) -> None:
        self._hosts = tuple(host.strip().lower() for host in hosts if host.strip())
        self._max_bytes = max_bytes
        self._connector = connector

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """Returns the file's bytes and its name.

        Raises: UserError.
        """
        self._check_url(url)
        connector = self._connector or aiohttp.TCPConnector(resolver=PublicResolver())
        try:
            async with aiohttp.ClientSession(
                connector=connector, connector_owner=self._connector is None, timeout=TIMEOUT
            ) as session:
                return await self._follow(session, url)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UserError(
                f"I couldn't download the file from {_host(url)} ({type(error).__name__}); attach it instead."
            ) from error

    async def _follow(self, session: aiohttp.ClientSession, url: str) -> tuple[bytes, str]:
        for _ in range(MAX_REDIRECTS + 1):
            async with session.get(url, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("Location", ""))
                    self._check_url(
                        url, "That address redirects to {host}, but files can only be downloaded from {hosts}"
                    )
                    continue
                if response.status != 200:
                    raise UserError(f"{_host(url)} answered with status {response.status}; attach the file instead.")
                return await self._read(response), _name(response)
        raise UserError(f"{_host(url)} redirects too many times; attach the file instead.")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > self._max_bytes:
                raise UserError(f"That file is larger than {self._max_bytes:,} bytes, the most that I accept.")
        return bytes(data)

    def _check_url(
        self, url: str, sentence: str = "Files can only be downloaded from {hosts}, not from {host}"
    ) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" or parts.username or parts.port not in (None, 443):
            raise UserError("Use an address that starts with https:// and contains no password or port.")
        if not any(host == allowed or host.endswith(f".{allowed}") for allowed in self._hosts):
            named = sentence.format(hosts=", ".join(self._hosts), host=host[:80])
            raise UserError(f"{named}; attach the file instead.")


class PublicResolver(AbstractResolver):
    """Resolves host names to public addresses only, never to this machine or its network."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [result for result in found if ipaddress.ip_address(result["host"]).is_global]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def _name(response: Any) -> str:
    """The server's name for the file, or else the last part of the address."""
    header = _FILENAME.search(response.headers.get("Content-Disposition", ""))
    return unquote(header[1]).strip() if header else unquote(response.url.path.rpartition("/")[2])


def _host(url: str) -> str:
    return urlsplit(url).hostname or "that address"
