"""Which account the embedded PostgreSQL runs as: ours, unless we are root, whom PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class _ProcessArguments(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account to run processes as; `uid` is None for our own."""

    uid: int | None = None
    gid: int | None = None

    def as_arguments(self) -> _ProcessArguments:
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, folder: Path) -> None:
        """Make the folder, private to the account."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.uid is not None and self.gid is not None and folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether the account can enter every folder above `path`."""
        if self.uid is None:
            return True
        return all(
            folder.stat().st_mode & 0o001 or folder.stat().st_uid == self.uid for folder in path.resolve().parents
        )


def server_account() -> Account:
    """The account for the server."""
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
