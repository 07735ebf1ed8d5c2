"""Downloads from local sites with real TLS, through a proxy."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.catalog import Download
from services.errors import UserError
from services.library.downloads import Downloads
from services.library.transfers import NeedsLogin, Transfers
from tests.hub import Hub, open_hub

LIMIT = 1000  # bytes
HOSTS = ("civitai.com", "huggingface.co")
FILE = b"vectors"
SHA256 = hashlib.sha256(FILE).hexdigest()
ADDRESS = "https://civitai.com/file"
KNOWN = Download(url=ADDRESS, sha256=SHA256)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with open_hub(tmp_path) as opened:
        opened.files["civitai.com", "/file.safetensors"] = FILE
        opened.files["civitai.com", "/file"] = FILE
        yield opened


@pytest.fixture
async def transfers(hub: Hub) -> AsyncIterator[Transfers]:
    context = ssl.create_default_context(cafile=str(hub.certificate))
    async with aiohttp.TCPConnector(ssl=context) as connector:
        yield Transfers(
            tokens={"civitai.com": "c-secret", "huggingface.co": "h-secret"},
            proxy=hub.proxy,
            timeout=aiohttp.ClientTimeout(connect=5, sock_read=0.5),
            connector=connector,
        )


@pytest.fixture
async def downloads(transfers: Transfers) -> Downloads:
    return Downloads(HOSTS, max_bytes=LIMIT, transfers=transfers)


async def refusal(downloads: Downloads, address: str = ADDRESS) -> str:
    with pytest.raises(UserError) as caught:
        await downloads.fetch(address)
    return str(caught.value)


async def test_a_file_is_downloaded_with_its_name(hub: Hub, downloads: Downloads) -> None:
    async def named(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x", headers={"Content-Disposition": 'attachment; filename="real name.pt"'})

    hub.handlers["huggingface.co", "/named"] = named
    seen: list[tuple[int, int | None]] = []
    found = await downloads.fetch("https://civitai.com/file.safetensors?x=1", lambda *done: seen.append(done))
    assert found == (FILE, "file.safetensors")
    assert seen == [(7, 7)]
    assert await downloads.fetch("https://huggingface.co/named") == (b"x", "real name.pt")


async def test_an_allowed_host_may_redirect_to_its_storage_and_no_further(hub: Hub, downloads: Downloads) -> None:
    hub.redirect("civitai.com", "/file", "https://storage.example/file")
    hub.files["storage.example", "/file"] = FILE
    assert (await downloads.fetch(ADDRESS))[0] == FILE
    hub.redirect("storage.example", "/file", "https://elsewhere.example/file")
    assert "leads on to elsewhere.example, where I don't download from" in await refusal(downloads)
    hub.redirect("storage.example", "/file", "https://huggingface.co/file")
    hub.files["huggingface.co", "/file"] = FILE
    assert (await downloads.fetch(ADDRESS))[0] == FILE


async def test_a_known_file_may_come_from_anywhere(hub: Hub, downloads: Downloads) -> None:
    hub.redirect("civitai.com", "/file", "https://storage.example/file")
    hub.redirect("storage.example", "/file", "https://elsewhere.example/file")
    hub.files["elsewhere.example", "/file"] = FILE
    assert await downloads.fetch_known([KNOWN]) == FILE


async def test_a_known_file_is_known_by_its_hash_alone(hub: Hub, downloads: Downloads) -> None:
    hub.files["civitai.com", "/file"] = b"something else"
    with pytest.raises(UserError) as caught:
        await downloads.fetch_known([KNOWN])
    assert f"its SHA-256 is {hashlib.sha256(b'something else').hexdigest()}, and it should be {SHA256}" in str(
        caught.value
    )
    hub.files["huggingface.co", "/file"] = FILE
    other = Download(url="https://huggingface.co/file", sha256=SHA256)
    assert await downloads.fetch_known([KNOWN, other]) == FILE


async def test_each_site_sees_its_own_token_alone(hub: Hub, downloads: Downloads, transfers: Transfers) -> None:
    hub.redirect("civitai.com", "/file", "https://huggingface.co/file")
    hub.redirect("huggingface.co", "/file", "https://storage.example/file")
    hub.files["storage.example", "/file"] = FILE
    await downloads.fetch(ADDRESS)
    await downloads.fetch_known([KNOWN])
    assert hub.asked == 2 * [
        ("civitai.com", "/file", "Bearer c-secret"),
        ("huggingface.co", "/file", "Bearer h-secret"),
        ("storage.example", "/file", None),
    ]
    assert "secret" not in repr(transfers)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_passes_is_tried_again(hub: Hub, downloads: Downloads, status: int) -> None:
    hub.status("civitai.com", "/file", status, times=1, headers={"Retry-After": "0"})
    assert (await downloads.fetch(ADDRESS))[0] == FILE


async def test_a_server_that_asks_for_patience_isnt_waited_for_too_long(hub: Hub, downloads: Downloads) -> None:
    hub.status("civitai.com", "/file", 429, headers={"Retry-After": "3600"})
    assert "answered with status 429; try again in a few minutes" in await refusal(downloads)
    assert len(hub.asked) == 1


async def test_a_file_behind_a_login_says_so(hub: Hub, downloads: Downloads) -> None:
    hub.status("civitai.com", "/file", 401)
    with pytest.raises(NeedsLogin, match=r"civitai\.com gives that file only to people with an account"):
        await downloads.fetch(ADDRESS)


async def test_a_missing_file_says_so(downloads: Downloads) -> None:
    assert await refusal(downloads, "https://civitai.com/absent") == (
        "civitai.com no longer has that file (404); find it elsewhere, and attach it."
    )


async def test_a_body_that_is_cut_off_is_asked_for_again(hub: Hub, downloads: Downloads) -> None:
    tries = 0

    async def cut_off(request: web.Request) -> web.StreamResponse:
        nonlocal tries
        tries += 1
        if tries == 2:
            return web.Response(body=FILE)
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"vec")
        assert request.transport is not None
        request.transport.close()
        return response

    hub.handlers["civitai.com", "/file"] = cut_off
    assert (await downloads.fetch(ADDRESS))[0] == FILE


async def test_a_server_that_falls_silent_is_left(hub: Hub, transfers: Transfers) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await asyncio.sleep(3)
        return response

    hub.handlers["civitai.com", "/file"] = silent
    once = replace(transfers, attempts=1)
    assert "couldn't download the file from civitai.com" in await refusal(
        Downloads(HOSTS, max_bytes=LIMIT, transfers=once)
    )


async def test_an_endless_file_is_refused(hub: Hub, downloads: Downloads) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 100)
        return response

    hub.handlers["civitai.com", "/file"] = endless
    assert "larger than 1,000 bytes" in await refusal(downloads)


async def test_going_round_in_redirects_ends(hub: Hub, downloads: Downloads) -> None:
    hub.redirect("civitai.com", "/file", "/file")
    assert "redirects too many times" in await refusal(downloads)


@pytest.mark.parametrize(
    "location",
    [
        "http://civitai.com/file.safetensors",
        "https://civitai.com:8443/file.safetensors",
        "https://user:pass@civitai.com/file.safetensors",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/file.safetensors",
        "https://2130706433/file.safetensors",
        "https://0x7f.1/file.safetensors",
        "https://[::1]/file.safetensors",
        "https://[::1",
        "https://civitai.com:99999/",
        "https://.civitai.com/",
        "ftp://civitai.com/",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("hops", [1, 2])
async def test_every_redirect_is_checked(hub: Hub, downloads: Downloads, location: str, hops: int) -> None:
    """A local service must not even see the request."""

    async def lead_on(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": request.query["location"]})

    hub.handlers["civitai.com", "/to"] = lead_on
    address = f"https://civitai.com/to?{urlencode({'location': location})}"
    if hops == 2:
        address = f"https://civitai.com/to?{urlencode({'location': address})}"
    assert "couldn't download" not in await refusal(downloads, address)
    with pytest.raises(UserError):
        await downloads.fetch_known([Download(url=address, sha256=SHA256)])
    assert len(hub.asked) == 2 * hops
    assert {host for host, _, _ in hub.asked} == {"civitai.com"}


@pytest.mark.parametrize(
    "url",
    [
        "https://example/",
        "https://civitai.com.evil/",
        "https://evilcivitai.com/",
        "http://civitai.com/",
        "https://user:pass@civitai.com/",
        "https://:pass@civitai.com/",
        "https://civitai.com:22/",
        "ftp://civitai.com/",
        "",
        "civitai.com/x",
        "//civitai.com/x",
        "https:///x",
        "https://host:99999/",
        "https://civitai.com:99999/",
        "https://civitai.com:port/",
        "https://[::1",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://127.0.0.1/",
        "https://.civitai.com",
        "https://a..civitai.com",
        "https://civitai.com./",
        "https://-.civitai.com/",
        "https://civitai.com%2eevil.example/",
        "https://evil.example\\@civitai.com/",
        "https://evil.example\\.civitai.com/",
        "https://xn--a.evil.example/",
        "https://\u2100.civitai.com/",
        f"https://{'a' * 64}.civitai.com/",
        f"https://{'a.' * 130}civitai.com/",
        "https://\ud800.civitai.com/",
        "\0",
    ],
)
async def test_disallowed_and_odd_addresses_are_refused_without_a_request(
    hub: Hub, downloads: Downloads, url: str
) -> None:
    assert re.fullmatch(r"[^\n]{1,200}[.]", await refusal(downloads, url))
    assert hub.asked == []


@pytest.mark.parametrize("host", ["CIVITAI.com", "b\u00fccher.civitai.com"])
async def test_unusual_names_of_allowed_hosts_are_accepted(hub: Hub, downloads: Downloads, host: str) -> None:
    hub.files["xn--bcher-kva.civitai.com", "/file"] = FILE
    assert (await downloads.fetch(f"https://{host}/file"))[0] == FILE


@given(st.text(max_size=40) | st.from_regex(r"https://[^/]{0,20}civitai\.com[^/]{0,10}/", fullmatch=True))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_is_fetched_or_refused_in_a_sentence(transfers: Transfers, text: str) -> None:
    nowhere = replace(transfers, attempts=1, proxy="http://127.0.0.1:9")
    await refusal(Downloads(HOSTS, max_bytes=LIMIT, transfers=nowhere), text)
