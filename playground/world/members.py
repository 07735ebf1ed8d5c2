"""Users, roles, members and overwrites."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class User:
    """A person or the bot."""

    id: int
    name: str
    is_bot: bool = False
    #: whether they installed the app to their account, which brings its commands along everywhere
    has_app: bool = False


@dataclass
class Role:
    """A set of permissions; @everyone has the id of its server."""

    id: int
    name: str
    permissions: set[str]
    is_managed: bool = False


@dataclass
class Member:
    """A user in a server, with a role of their own."""

    user_id: int
    role: Role
    joined_at: str
    #: end of a timeout, in seconds since the Unix epoch
    timed_out_until: float = 0.0


@dataclass
class Overwrite:
    """What a channel changes about the permissions of a role or a member."""

    is_role: bool
    allow: set[str] = field(default_factory=set)
    deny: set[str] = field(default_factory=set)
