"""Downloads from a local server: real TLS, and host names that resolve to loopback."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from services.errors import UserError
from services.library.downloads import Downloads, PublicResolver

LIMIT = 1000  # bytes
HOSTS = ("files.example", "other.example")

Fetch = Callable[[str], Awaitable[tuple[bytes, str]]]


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


async def answer(request: web.Request) -> web.StreamResponse:
    match request.path:
        case "/file.safetensors":
            return web.Response(body=b"vectors")
        case "/named":
            return web.Response(body=b"x", headers={"Content-Disposition": 'attachment; filename="real name.pt"'})
        case "/moved":
            raise web.HTTPFound("https://cdn.files.example/file.safetensors")
        case "/astray":
            raise web.HTTPFound("https://elsewhere.example/file.safetensors")
        case "/inside":
            raise web.HTTPFound("http://169.254.169.254/latest/meta-data")
        case "/round":
            raise web.HTTPFound("/round")
        case "/endless":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(1000):
                await response.write(b"x" * 100)
            return response
    raise web.HTTPNotFound


@pytest.fixture
async def fetch() -> AsyncIterator[Fetch]:
    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("files.example", "cdn.files.example", "elsewhere.example").configure_cert(served)
    authority.configure_trust(trusting)
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=served).start()
    connector = aiohttp.TCPConnector(resolver=FixedResolver("127.0.0.1", runner.addresses[0][1]), ssl=trusting)
    yield Downloads(HOSTS, max_bytes=LIMIT, connector=connector).fetch
    await connector.close()
    await runner.cleanup()


async def test_a_file_is_downloaded_with_its_name(fetch: Fetch) -> None:
    assert await fetch("https://files.example/file.safetensors?x=1") == (b"vectors", "file.safetensors")
    assert await fetch("https://files.example/named") == (b"x", "real name.pt")


async def test_redirects_between_allowed_hosts_are_followed(fetch: Fetch) -> None:
    assert await fetch("https://files.example/moved") == (b"vectors", "file.safetensors")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (
            "astray",
            "redirects to elsewhere.example, but files can only be downloaded from files.example, other.example",
        ),
        ("inside", "starts with https://"),
        ("round", "redirects too many times"),
        ("endless", "larger than 1,000 bytes"),
        ("absent", "answered with status 404"),
    ],
)
async def test_redirects_elsewhere_loops_and_failures_are_refused(fetch: Fetch, path: str, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        await fetch(f"https://files.example/{path}")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example/",
        "https://files.example.evil/",
        "https://evilfiles.example/",
        "http://files.example/",
        "https://user:pass@files.example/",
        "https://files.example:22/",
        "ftp://files.example/",
        "",
        "files.example/x",
    ],
)
async def test_disallowed_addresses_are_refused_without_a_request(fetch: Fetch, url: str) -> None:
    with pytest.raises(UserError):
        await fetch(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"]
)
async def test_names_that_resolve_to_private_addresses_are_refused(address: str) -> None:
    with pytest.raises(OSError, match="no public address"):
        await PublicResolver(FixedResolver(address)).resolve("files.example")


async def test_public_addresses_are_accepted() -> None:
    (found,) = await PublicResolver(FixedResolver("93.184.215.14")).resolve("files.example", 443)
    assert found["host"] == "93.184.215.14"
