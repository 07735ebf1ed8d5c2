"""Which addresses may be asked."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from services.library.addresses import PublicResolver, is_public


class FixedResolver(AbstractResolver):
    """Resolves every name to one address."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.address, self.port = address, port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=self.address, port=self.port or port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.0.9",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
async def test_names_that_resolve_to_other_than_public_addresses_are_refused(address: str) -> None:
    with pytest.raises(OSError, match="no public address"):
        await PublicResolver(FixedResolver(address)).resolve("files.example")


async def test_public_addresses_are_accepted() -> None:
    (found,) = await PublicResolver(FixedResolver("93.184.215.14")).resolve("files.example", 443)
    assert found["host"] == "93.184.215.14"
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
