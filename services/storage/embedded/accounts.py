"""The account that the embedded PostgreSQL runs under: our own, unless that is root, which PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class _PopenArguments(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account to run processes under; `uid` is None for our own."""

    uid: int | None = None
    gid: int | None = None

    @property
    def owner(self) -> int:
        """The user id that owns what the account creates."""
        return os.geteuid() if self.uid is None else self.uid

    def popen_arguments(self) -> _PopenArguments:
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def make_private(self, folder: Path) -> None:
        """Create the folder if needed, owned by the account and closed to all others."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None and folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether the account may enter every folder above `path`."""
        if self.uid is None:
            return True
        return all(
            folder.stat().st_mode & 0o001 or folder.stat().st_uid == self.uid for folder in path.resolve().parents
        )


def server_account() -> Account:
    """The account to run the server under."""
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
