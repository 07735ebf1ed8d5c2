"""Where the server's Unix socket lies. Whoever can write there can pretend to be the server."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from services.storage.embedded.accounts import Account
from services.storage.embedded.errors import PostgresFailed

#: bytes; the kernel limits a Unix socket's path to 107, including the file name that PostgreSQL adds
MAX_SOCKET_FOLDER = 85


def socket_folder_for(folder: Path) -> Path:
    """The folder itself or, if its path is no good for a socket, one in the system's folder for temporary files.

    The same for every process, since they share the server.
    """
    # PostgreSQL reads the option as a comma-separated list of folders
    if len(os.fsencode(folder)) <= MAX_SOCKET_FOLDER and not set(',"') & set(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"negative-space-{digest}"


def prepare_socket_folder(path: Path, account: Account) -> None:
    """Create the folder, or check that the one that is there is the server's alone.

    Raises: PostgresFailed, OSError.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass  # perhaps ours; its name can be guessed, so anybody may have made it
    else:
        account.make_private(path)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.owner or status.st_mode & 0o077:
        raise PostgresFailed(
            f"{path}, the folder for PostgreSQL's socket, isn't a folder of the server's account alone: delete it, "
            "or choose a DATA_DIR with a shorter path."
        )
