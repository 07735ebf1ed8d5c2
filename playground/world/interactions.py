"""Interactions with the bot: their kinds, and the state of each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from playground.world.clock import created_at
from playground.world.members import User
from playground.world.records import Channel, Json, MessageRecord

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5


@dataclass
class Interaction:
    """A command, a click, an autocomplete query or a submitted form."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: Json
    #: the message whose button or drop-down was used
    message: MessageRecord | None = None
    #: the installations it came through, by integration type
    owners: dict[str, str] = field(default_factory=dict, init=False)
    #: type of the first response
    answer: int | None = field(default=None, init=False)
    #: the message that `@original` refers to, once there is one
    original: MessageRecord | None = field(default=None, init=False)
    choices: list[Json] = field(default_factory=list, init=False)
    modal: Json | None = field(default=None, init=False)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    #: messages sent after the first response
    followups: list[MessageRecord] = field(default_factory=list, init=False)

    @property
    def created(self) -> float:
        return created_at(self.id)

    @property
    def is_only_user_installed(self) -> bool:
        return "0" not in self.owners

    @property
    def is_kept_private(self) -> bool:
        """Without Use External Apps, an app that only its user installed can't respond in public."""
        granted = self.channel.permissions_of(self.user.id)
        return self.is_only_user_installed and "use_external_apps" not in granted
