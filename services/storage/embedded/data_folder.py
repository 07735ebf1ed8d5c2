"""The server's data folder, which appears complete or not at all: it is created beside its final place, then renamed."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from services.storage.embedded.accounts import Account
from services.storage.embedded.children import death_signal
from services.storage.embedded.errors import PostgresFailed

log = logging.getLogger(__name__)

_UNFINISHED = "data.unfinished-"
#: sorts the same on every machine, and knows upper and lower case in all scripts
_LOCALE = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def prepare_data_folder(folder: Path, binaries: Path, account: Account) -> None:
    """Create `folder`/data, unless it is there, and delete what an interrupted attempt left behind.

    The caller holds the start lock.

    Raises: PostgresFailed, OSError.
    """
    _remove_unfinished(folder)
    data = folder / "data"
    if _is_complete(data):
        return
    _set_aside(data)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        account.make_private(unfinished)
        _initdb(unfinished, binaries, account)  # flushes all files to disk, so that the name never precedes the content
        _rename(unfinished, data)
        _flush(folder)
    finally:
        # again, since a killed initdb's last child may still have been writing
        _remove_unfinished(folder)


def _remove_unfinished(folder: Path) -> None:
    for unfinished in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _is_complete(data: Path) -> bool:
    """Whether there is something a server could start from: without these files none can."""
    return (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists()


def _set_aside(data: Path) -> None:
    """Rename a folder from which no server can start; it isn't ours to delete."""
    if not data.exists():
        return
    if not any(data.iterdir()):
        data.rmdir()
        return
    aside = data.with_name(f"data.incomplete-{time.strftime('%Y%m%d-%H%M%S')}")
    data.rename(aside)
    log.warning("PostgreSQL's data folder was incomplete; it is now %s, and a new one is created", aside)


def _initdb(data: Path, binaries: Path, account: Account) -> None:
    done = subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            *_LOCALE,
            "--no-instructions",
        ],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=death_signal(signal.SIGTERM),
        **account.popen_arguments(),
    )
    if done.returncode:
        reason = next(iter(reversed(done.stderr.strip().splitlines())), f"initdb ended with code {done.returncode}")
        raise PostgresFailed(f"PostgreSQL's data folder couldn't be created: {reason}")


def _rename(unfinished: Path, data: Path) -> None:
    try:
        unfinished.rename(data)
    except OSError:  # another process finished first
        if not _is_complete(data):
            raise


def _flush(folder: Path) -> None:
    """Make a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
