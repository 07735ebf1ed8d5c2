"""What happens to jobs, engines and statements, told to whoever measures or logs it; who that is, nobody here knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from services.incidents import log_incident
from services.jobs import JobId, JobState, Reason


@dataclass(frozen=True, slots=True)
class JobMoved:
    """A job that still has to be answered is in another state now; `reason` says why it failed."""

    state: JobState
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A job was taken out of line for the first time, `waited` seconds after it was asked for."""

    waited: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClosed:
    """The whole life of a job whose member has been answered, in seconds; None where it didn't get that far."""

    id: JobId
    guild_id: int | None
    checkpoint: str
    state: JobState
    attempts: int
    #: in line
    waited: float | None
    #: on the engine
    drawn: float | None
    #: from the pictures, or the certainty that there are none, to the answer
    sent: float | None
    total: float
    #: for the operator: why there are no pictures
    error: str | None


@dataclass(frozen=True, slots=True)
class BatchDrawn:
    """An engine has drawn a batch."""

    checkpoint: str
    steps: int
    pictures: int
    #: for denoising and decoding
    seconds: float
    #: of the device, in bytes; None where that isn't known
    free_memory: int | None = None


@dataclass(frozen=True, slots=True)
class EngineStarted:
    """An engine's process is ready."""


@dataclass(frozen=True, slots=True)
class EngineLost:
    """An engine's process crashed, or had to be killed because it hung."""


@dataclass(frozen=True, slots=True)
class StatementRun:
    """The database has answered, or not in time."""

    seconds: float
    is_unavailable: bool


Event = JobMoved | JobStarted | JobClosed | BatchDrawn | EngineStarted | EngineLost | StatementRun
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Events:
    """Passes events on. A listener that fails is logged: measuring must not break what is measured."""

    listeners: list[Listener] = field(default_factory=list[Listener])

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            try:
                listener(event)
            except Exception as error:
                log_incident(error, f"measuring {type(event).__name__}")
