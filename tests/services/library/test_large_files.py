"""Files of gigabytes, in small: interrupted, resumed, wrong, and with no room for them."""

from __future__ import annotations

import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web

from embeddings.catalog import Download
from services.errors import UserError
from services.library.large_files import fetch_large
from services.library.transfers import Transfers
from tests.hub import Hub, open_hub

FILE = bytes(range(256)) * 40
SHA256 = hashlib.sha256(FILE).hexdigest()
KNOWN = Download(url="https://civitai.com/file", sha256=SHA256, size=len(FILE))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with open_hub(tmp_path) as opened:
        opened.files["civitai.com", "/file"] = FILE
        yield opened


@pytest.fixture
async def transfers(hub: Hub) -> AsyncIterator[Transfers]:
    context = ssl.create_default_context(cafile=str(hub.certificate))
    async with aiohttp.TCPConnector(ssl=context) as connector:
        yield Transfers(proxy=hub.proxy, timeout=aiohttp.ClientTimeout(sock_read=0.5), connector=connector)


def cut_off(hub: Hub, after: int, *, times: int) -> list[str | None]:
    """Close the connection after so many bytes, so many times; returns the ranges that are asked for."""
    ranges: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        ranges.append(request.headers.get("Range"))
        start = request.http_range.start or 0
        if len(ranges) > times:
            return web.Response(body=FILE[start:], status=206 if start else 200)
        response = web.StreamResponse(status=206 if start else 200, headers={"Content-Length": str(len(FILE) - start)})
        await response.prepare(request)
        await response.write(FILE[start : start + after])
        assert request.transport is not None
        request.transport.close()
        return response

    hub.handlers["civitai.com", "/file"] = answer
    return ranges


async def test_a_cut_off_file_goes_on_where_it_stopped(hub: Hub, transfers: Transfers, tmp_path: Path) -> None:
    target, seen = tmp_path / "models" / "toy.safetensors", list[tuple[int, int | None]]()
    ranges = cut_off(hub, 2048, times=3)
    with pytest.raises(UserError, match=r"I couldn't download the file from civitai\.com"):
        await fetch_large([KNOWN], target, transfers)
    assert not target.exists()
    await fetch_large([KNOWN], target, transfers, lambda received, size: seen.append((received, size)))
    assert target.read_bytes() == FILE
    assert list(target.parent.iterdir()) == [target]
    assert ranges[0] is None
    assert all(asked is not None for asked in ranges[1:]), "nothing is loaded twice"
    assert seen[-1] == (len(FILE), len(FILE))


async def test_a_server_without_ranges_sends_everything_again(hub: Hub, transfers: Transfers, tmp_path: Path) -> None:
    target = tmp_path / "toy.safetensors"
    target.with_name(f".toy.safetensors-{SHA256[:12]}.part").write_bytes(FILE[:100])

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=FILE)

    hub.handlers["civitai.com", "/file"] = answer
    await fetch_large([KNOWN], target, transfers)
    assert target.read_bytes() == FILE


@pytest.mark.parametrize("size", [len(FILE), None])
async def test_a_complete_part_is_only_checked(
    hub: Hub, transfers: Transfers, tmp_path: Path, size: int | None
) -> None:
    target = tmp_path / "toy.safetensors"
    target.with_name(f".toy.safetensors-{SHA256[:12]}.part").write_bytes(FILE)
    await fetch_large([KNOWN.model_copy(update={"size": size})], target, transfers)
    assert (target.read_bytes(), hub.asked) == (FILE, [])


async def test_the_next_address_is_tried_if_one_sends_another_file(
    hub: Hub, transfers: Transfers, tmp_path: Path
) -> None:
    hub.files["civitai.com", "/file"] = b"another"
    hub.files["elsewhere.example", "/file"] = FILE
    other = Download(url="https://elsewhere.example/file", sha256=SHA256)
    target = tmp_path / "toy.safetensors"
    with pytest.raises(UserError, match=f"its SHA-256 is {hashlib.sha256(b'another').hexdigest()}"):
        await fetch_large([KNOWN], target, transfers)
    assert not list(tmp_path.glob("*.safetensors*"))
    await fetch_large([KNOWN, other], target, transfers)
    assert target.read_bytes() == FILE


async def test_a_disk_without_room_is_not_filled(
    hub: Hub, transfers: Transfers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1024**3 + len(FILE) - 1))
    with pytest.raises(UserError, match=r"1\.0 GB free, of which 1 GB should stay free\. Make room"):
        await fetch_large([KNOWN], tmp_path / "toy.safetensors", transfers)
    assert not list(tmp_path.glob("*toy*"))


async def test_a_disk_that_fills_up_meanwhile_is_cleared(hub: Hub, transfers: Transfers, tmp_path: Path) -> None:
    part = tmp_path / f".toy.safetensors-{SHA256[:12]}.part"
    part.symlink_to("/dev/full")
    with pytest.raises(UserError, match="can't be written: No space left on device"):
        await fetch_large([KNOWN], tmp_path / "toy.safetensors", transfers)
    assert not part.is_symlink()
    assert len(hub.asked) == 1, "an error of the disk isn't tried again"
