"""Downloads from a local server: real TLS, and host names that resolve to loopback."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlencode

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import UserError
from services.library.downloads import Downloads, PublicResolver, is_public

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
        case "/to":
            return web.Response(status=302, headers={"Location": request.query["location"]})
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
def asked() -> list[str]:
    """The hosts that requests were for."""
    return []


@pytest.fixture
async def fetch(asked: list[str]) -> AsyncIterator[Fetch]:
    async def answer_and_record(request: web.Request) -> web.StreamResponse:
        asked.append(request.host)
        return await answer(request)

    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("files.example", "*.files.example", "elsewhere.example").configure_cert(served)
    authority.configure_trust(trusting)
    app = web.Application()
    app.router.add_get("/{path:.*}", answer_and_record)
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
    "location",
    [
        "http://files.example/file.safetensors",
        "https://files.example:8443/file.safetensors",
        "https://user:pass@files.example/file.safetensors",
        "https://127.0.0.1/file.safetensors",
        "https://[::1]/file.safetensors",
        "https://[::1",
        "https://files.example:99999/",
        "https://.files.example/",
        "//elsewhere.example/file.safetensors",
        "ftp://files.example/",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("hops", [1, 2])
async def test_every_redirect_is_checked(fetch: Fetch, asked: list[str], location: str, hops: int) -> None:
    """A local service must not even see the request."""
    address = f"https://files.example/to?{urlencode({'location': location})}"
    if hops == 2:
        address = f"https://files.example/to?{urlencode({'location': address})}"
    with pytest.raises(UserError) as caught:
        await fetch(address)
    assert asked == ["files.example"] * hops
    assert "couldn't download" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example/",
        "https://files.example.evil/",
        "https://evilfiles.example/",
        "http://files.example/",
        "https://user:pass@files.example/",
        "https://:pass@files.example/",
        "https://files.example:22/",
        "ftp://files.example/",
        "",
        "files.example/x",
        "//files.example/x",
        "https:///x",
        "https://host:99999/",
        "https://files.example:99999/",
        "https://files.example:port/",
        "https://[::1",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://127.0.0.1/",
        "https://.files.example",
        "https://a..files.example",
        "https://files.example./",
        "https://-.files.example/",
        "https://files.example%2eevil.example/",
        "https://evil.example\\@files.example/",
        "https://evil.example\\.files.example/",
        "https://xn--a.evil.example/",
        "https://\u2100.files.example/",
        f"https://{'a' * 64}.files.example/",
        f"https://{'a.' * 130}files.example/",
        "https://\ud800.files.example/",
        "\0",
    ],
)
async def test_disallowed_and_odd_addresses_are_refused_without_a_request(
    fetch: Fetch, asked: list[str], url: str
) -> None:
    with pytest.raises(UserError) as caught:
        await fetch(url)
    assert re.fullmatch(r"[^\n]{1,200}[.]", str(caught.value))
    assert asked == []


@pytest.mark.parametrize("url", ["https://FILES.example/", "https://b\u00fccher.files.example/"])
async def test_unusual_names_of_allowed_hosts_are_accepted(fetch: Fetch, url: str) -> None:
    assert await fetch(f"{url}file.safetensors") == (b"vectors", "file.safetensors")


@given(st.text(max_size=40) | st.from_regex(r"https://[^/]{0,20}files\.example[^/]{0,10}/", fullmatch=True))
@settings(max_examples=200)
async def test_any_text_is_fetched_or_refused_in_a_sentence(text: str) -> None:
    async with aiohttp.TCPConnector(resolver=FixedResolver("127.0.0.1", port=9)) as connector:
        with pytest.raises(UserError):
            await Downloads(HOSTS, max_bytes=LIMIT, connector=connector).fetch(text)


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
