"""Download an embedding: from an address that a member typed, or a known file from wherever it is."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import unquote

import aiohttp
from yarl import URL

from embeddings.catalog import Download
from services.errors import UserError
from services.library.addresses import host_of, parse_address
from services.library.transfers import MayFollow, OnProgress, Transfers, ignore_progress

_CHUNK = 64 * 1024  # bytes
#: far more than an embedding has
MAX_EMBEDDING_BYTES = 8 * 1024 * 1024
#: for an embedding, which has a few hundred kilobytes at most
MAX_SECONDS = 60.0
_FILENAME = re.compile(r"""filename\*?=(?:UTF-8'')?"?([^";]+)""", re.IGNORECASE)


class WrongFile(UserError):
    """What a known address sent isn't the known file."""

    def __init__(self, download: Download, actual: str) -> None:
        super().__init__(
            f"{host_of(URL(download.url))} sent a different file: its SHA-256 is {actual}, "
            f"and it should be {download.sha256}. I didn't keep it."
        )


class Downloads:
    """A typed address is on one of `hosts` or a subdomain, or where one of them redirects to. A known file may come from
    any host, since its hash decides.
    """

    def __init__(self, hosts: Iterable[str], *, max_bytes: int, transfers: Transfers | None = None) -> None:
        self._hosts = tuple(host.strip().lower() for host in hosts if host.strip())
        self._max_bytes = max_bytes
        self._transfers = transfers or Transfers()

    async def fetch(self, address: str, on_progress: OnProgress = ignore_progress) -> tuple[bytes, str]:
        """Returns the bytes and the name of a file at a typed address.

        Raises: UserError.
        """
        url = parse_address(address)
        if not self._is_allowed(url):
            raise UserError(
                f"Files can only be downloaded from {', '.join(self._hosts)}, not from {host_of(url)}; "
                "attach the file instead."
            )
        return await self._get(url, lambda here, there: self._is_allowed(here) or self._is_allowed(there), on_progress)

    async def fetch_known(self, downloads: Iterable[Download], on_progress: OnProgress = ignore_progress) -> bytes:
        """The first of the files, best address first, that arrives with the right SHA-256.

        Raises: UserError, about the last address that was tried.
        """
        problem = UserError("No address of that file is known; download it from its page, and attach it.")
        for download in downloads:
            try:
                data, _ = await self._get(parse_address(download.url), lambda here, there: True, on_progress)
                return _verified(data, download)
            except UserError as error:
                problem = error
        raise problem

    async def _get(self, url: URL, may_follow: MayFollow, on_progress: OnProgress) -> tuple[bytes, str]:
        async for attempt in self._transfers.retrying():
            with attempt:
                async with self._transfers.open(url, may_follow) as response, asyncio.timeout(MAX_SECONDS):
                    return await self._read(response, on_progress), _name(response)
        raise AssertionError("the last attempt raises")

    async def _read(self, response: aiohttp.ClientResponse, on_progress: OnProgress) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > self._max_bytes:
                raise UserError(f"That file is larger than {self._max_bytes:,} bytes, the most that I accept.")
            on_progress(len(data), response.content_length)
        return bytes(data)

    def _is_allowed(self, url: URL) -> bool:
        host = url.raw_host or ""
        return any(host == allowed or host.endswith(f".{allowed}") for allowed in self._hosts)


def _verified(data: bytes, download: Download) -> bytes:
    actual = hashlib.sha256(data).hexdigest()
    if actual != download.sha256:
        raise WrongFile(download, actual)
    return data


def _name(response: aiohttp.ClientResponse) -> str:
    """The server's name for the file, or else the last part of the address."""
    header = _FILENAME.search(response.headers.get("Content-Disposition", ""))
    return unquote(header[1]).strip() if header else unquote(response.url.path.rpartition("/")[2])
