"""The job: a plan with an id, a state and a place to answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self

from services.parameters import PlanRecord
from services.remedies import Hint

JobId = NewType("JobId", int)


@dataclass(frozen=True, slots=True)
class Origin:
    """What asked for a job. However often Discord sends it, or we retry it, there is one job for it."""

    key: str

    @classmethod
    def of_interaction(cls, interaction_id: int) -> Self:
        return cls(f"interaction:{interaction_id}")

    @classmethod
    def of_reaction(cls, message_id: int, member_id: int) -> Self:
        """A reaction has no id of its own, and may be removed and added again: then it asks for another job."""
        return cls(f"reaction:{message_id}:{member_id}:{secrets.token_hex(8)}")


class JobState(StrEnum):
    """queued → running → rendered → delivered; or failed, cancelled, undeliverable, deleted."""

    QUEUED = "queued"
    RUNNING = "running"
    RENDERED = "rendered"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"
    #: delivered, and then taken down by its author or a moderator
    DELETED = "deleted"


class Reason(StrEnum):
    """Why a job has no pictures, in few words for whoever counts; its row has the whole story."""

    NONE = ""
    #: the engine crashed or hung, twice
    ENGINE_DIED = "engine died"
    ENGINE = "engine"
    OUT_OF_MEMORY = "out of memory"
    MODEL_BROKEN = "model broken"
    MODEL_MISSING = "model missing"
    DISK = "disk"
    PICTURES_LOST = "pictures lost"
    #: by the server's settings when it was to be posted
    NOT_ALLOWED = "not allowed"
    #: Discord doesn't take the message
    REJECTED = "rejected"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget:
    """Where to answer. Ids are Discord's snowflakes; the services only carry them."""

    guild_id: int | None
    channel_id: int
    member_id: int
    application_id: int | None = None
    #: lives for 15 minutes from `asked_at`; never the only way to answer
    interaction_token: str | None = None
    #: the message that says "in line" and becomes the answer
    reply_id: int | None = None
    #: the message that a reaction was put on
    refers_to: int | None = None
    #: whether only the member may see the answer
    is_private: bool = False
    #: bytes that a file may have there; None if unknown
    upload_limit: int | None = None

    def shows(self, job: Job) -> bool:
        """Whether a job's answer may be where this click or reaction came from.

        That is the job's own channel, or the direct messages of its member, where an answer goes if the channel is closed.
        """
        is_same_channel = (self.guild_id, self.channel_id) == (job.target.guild_id, job.target.channel_id)
        return is_same_channel or (self.guild_id is None and self.member_id == job.target.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is stored of one admitted plan. Its vectors are loaded only to render it: `JobStore.load_plans`."""

    id: JobId
    state: JobState
    parameters: PlanRecord
    target: ReplyTarget
    asked_at: datetime
    parent_id: JobId | None = None
    attempts: int = 0
    #: names of files in the picture store, in the order of their seeds
    pictures: tuple[str, ...] = ()
    #: how likely each is not safe for work, from 0 to 1; empty where no classifier is installed
    scores: tuple[float, ...] = ()
    seconds: float | None = None
    message_id: int | None = None
    #: shown under the result, the first on the card
    hints: tuple[Hint, ...] = ()
    #: what the member reads where there are no pictures
    sentence: str | None = None
    #: when there were pictures, or it was known that there would be none
    finished_at: datetime | None = None

    @property
    def member_id(self) -> int:
        return self.target.member_id

    @property
    def checkpoint(self) -> str:
        return self.parameters.checkpoint

    @property
    def work(self) -> int:
        """In pixel steps."""
        return self.parameters.pixel_steps

    @property
    def is_forgotten(self) -> bool:
        """Whether the row has lost what the member wrote; a plan always has a prompt."""
        return not self.parameters.prompt

    def evolve(self, **changes: object) -> Self:
        return replace(self, **changes)  # pyright: ignore[reportArgumentType]
