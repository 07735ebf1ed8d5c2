"""Download a file whose address a member typed: only from allowed hosts, at every redirect, and within a size limit.

Anyone who may type an address could otherwise reach into the operator's own network (server-side request forgery). So host
names are checked before each request, by the parser that makes the request, and the IP addresses that they resolve to when
the connection is made.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.errors import UserError

MAX_REDIRECTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10)
MAX_SHOWN = 80  # characters of a host name in a sentence
_CHUNK = 64 * 1024  # bytes
_FILENAME = re.compile(r"""filename\*?=(?:UTF-8'')?"?([^";]+)""", re.IGNORECASE)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
#: as DNS takes it; other alphabets are in Punycode by then
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)

#: the only range of IPv6 addresses that are assigned to hosts on the internet. Outside of it are, among others, IPv4 addresses
#: in IPv6 form (::ffff:0:0/96) and those that a gateway translates to IPv4 (64:ff9b::/96), private ones included
_IPV6_INTERNET = ipaddress.IPv6Network("2000::/3")
#: not on the internet either, or tunnels to any IPv4 address; Python counts some of them as global
_SPECIAL = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, RFC 6890
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ipaddress.IPv6Network("2001::/32"),  # Teredo, RFC 4380
    ipaddress.IPv6Network("2002::/16"),  # 6to4, RFC 3056
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


class Downloads:
    """Downloads from `hosts` and their subdomains. Tests pass a `connector` that leads to their own server."""

    def __init__(self, hosts: Iterable[str], *, max_bytes: int, connector: aiohttp.BaseConnector | None = None) -> None:
        self._hosts = tuple(host.strip().lower() for host in hosts if host.strip())
        self._max_bytes = max_bytes
        self._connector = connector

    async def fetch(self, address: str) -> tuple[bytes, str]:
        """Returns the file's bytes and its name.

        Raises: UserError.
        """
        url = _parse(address)
        if not self._is_allowed(url):
            raise UserError(
                f"Files can only be downloaded from {', '.join(self._hosts)}, not from {_host(url)}; attach the file instead."
            )
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

    async def _follow(self, session: aiohttp.ClientSession, url: URL) -> tuple[bytes, str]:
        for _ in range(MAX_REDIRECTS + 1):
            async with session.get(url, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = self._redirected(url, response.headers.get("Location", ""))
                    continue
                if response.status != 200:
                    raise UserError(f"{_host(url)} answered with status {response.status}; attach the file instead.")
                return await self._read(response), _name(response)
        raise UserError(f"{_host(url)} redirects too many times; attach the file instead.")

    def _redirected(self, url: URL, location: str) -> URL:
        target = _parse(location, url)
        if not self._is_allowed(target):
            raise UserError(
                f"That address redirects to {_host(target)}, but files can only be downloaded from "
                f"{', '.join(self._hosts)}; attach the file instead."
            )
        return target

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > self._max_bytes:
                raise UserError(f"That file is larger than {self._max_bytes:,} bytes, the most that I accept.")
        return bytes(data)

    def _is_allowed(self, url: URL) -> bool:
        host = url.raw_host or ""
        return any(host == allowed or host.endswith(f".{allowed}") for allowed in self._hosts)


class PublicResolver(AbstractResolver):
    """Resolves host names to public addresses only, never to this machine or its network."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to a host on the internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed not in _IPV6_INTERNET:
        return False
    is_ordinary = parsed.is_global and not parsed.is_multicast and not parsed.is_reserved
    return is_ordinary and not any(parsed in network for network in _SPECIAL)


def _parse(address: str, base: URL | None = None) -> URL:
    """An https address, relative to `base` if it is a redirect.

    Raises: UserError.
    """
    try:
        url = base.join(URL(address)) if base else URL(address)
        host, port, has_login = url.raw_host or "", url.explicit_port, "@" in url.raw_authority
    except ValueError as error:  # a port out of range, half an IPv6 address, a name that isn't valid in any alphabet
        raise UserError("That isn't a valid address; copy it again, or attach the file instead.") from error
    if url.scheme != "https" or has_login or port not in (None, 443):
        raise UserError("Use an address that starts with https:// and contains no password or port.")
    if not _HOST_NAME.fullmatch(host):
        raise UserError("That isn't a valid address; copy it again, or attach the file instead.")
    return url


def _name(response: aiohttp.ClientResponse) -> str:
    """The server's name for the file, or else the last part of the address."""
    header = _FILENAME.search(response.headers.get("Content-Disposition", ""))
    return unquote(header[1]).strip() if header else unquote(response.url.path.rpartition("/")[2])


def _host(url: URL) -> str:
    return (url.raw_host or "")[:MAX_SHOWN]
