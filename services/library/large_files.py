"""Download a file of gigabytes whose hash is known: into a file beside it, from where an interrupted download stopped."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import aiohttp

from embeddings.catalog import Download
from services.errors import UserError
from services.files import check_disk_space
from services.library.addresses import parse_address
from services.library.downloads import WrongFile
from services.library.transfers import OnProgress, Transfers, ignore_progress

_CHUNK = 1024 * 1024  # bytes
_PARTIAL = ".part"


class DiskFailed(UserError):
    """The file can't be written, whichever address it comes from."""


async def fetch_large(
    downloads: Iterable[Download], target: Path, transfers: Transfers, on_progress: OnProgress = ignore_progress
) -> None:
    """Write the file to `target` from the first address that has it. What has arrived is kept beside it for the next try.

    Raises: UserError, about the last address that was tried.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    problem = UserError(f"No address of {target.name} is known.")
    for download in downloads:
        part = target.with_name(f".{target.name}-{download.sha256[:12]}{_PARTIAL}")
        try:
            await _fetch(download, part, transfers, on_progress)
            _verify(part, download)
            os.replace(part, target)
            return
        except DiskFailed:
            raise
        except UserError as error:
            problem = error
    raise problem


async def _fetch(download: Download, part: Path, transfers: Transfers, on_progress: OnProgress) -> None:
    url = parse_address(download.url)
    async for attempt in transfers.retrying():
        with attempt:
            have = part.stat().st_size if part.exists() else 0
            if _is_complete(part, have, download):
                return
            async with transfers.open(url, lambda here, there: True, offset=have) as response:
                await _append(response, part, have if response.status == 206 else 0, on_progress)


async def _append(response: aiohttp.ClientResponse, part: Path, start: int, on_progress: OnProgress) -> None:
    left = response.content_length
    size = None if left is None else start + left
    check_disk_space(part.parent, left or 0)
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        received = start
        async for chunk in response.content.iter_chunked(_CHUNK):
            received += _write(file, chunk, part)
            on_progress(received, size)


def _write(file: BinaryIO, chunk: bytes, part: Path) -> int:
    """An error of the disk isn't one of the network, which would be tried again."""
    try:
        return file.write(chunk)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            part.unlink(missing_ok=True)  # so that the disk isn't left full
        raise DiskFailed(f"{part.parent} can't be written: {error.strerror}.") from error


def _is_complete(part: Path, have: int, download: Download) -> bool:
    if not have:
        return False
    return have >= download.size if download.size else _hash(part) == download.sha256


def _verify(part: Path, download: Download) -> None:
    actual = _hash(part)
    if actual != download.sha256:
        part.unlink()
        raise WrongFile(download, actual)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
