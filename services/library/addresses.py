"""Which addresses may be asked: https, an ordinary host name, on the internet.

Anyone who may type an address could otherwise reach into the operator's own network (server-side request forgery). So host
names are checked before each request, by the parser that makes the request, and the IP addresses that they resolve to when
the connection is made.
"""

from __future__ import annotations

import ipaddress
import re
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.errors import UserError

MAX_SHOWN = 80  # characters of a host name in a sentence
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
#: as DNS takes it; other alphabets are in Punycode by then. The last label has a letter, which an IP address hasn't
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?=[0-9_-]*[a-z]){_LABEL}", re.ASCII)

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


def parse_address(address: str, base: URL | None = None) -> URL:
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


def host_of(url: URL) -> str:
    """The host's name, as it is shown in sentences."""
    return (url.raw_host or "")[:MAX_SHOWN]
