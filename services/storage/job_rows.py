"""From a job's row to a `Job`, and to the story of its life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.events import JobClosed
from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import PlanRecord
from services.remedies import Hint, Remedy

#: where a job's row says where to answer, named as in `ReplyTarget`
TARGET_COLUMNS = (
    *("guild_id", "channel_id", "member_id", "application_id", "interaction_token", "reply_id", "refers_to"),
    *("is_private", "upload_limit"),
)


def hint_columns(hints: Sequence[Hint]) -> tuple[list[str], dict[str, Any] | None]:
    """The texts, and the remedy of the first, which is the only one that a card shows."""
    remedy = hints[0].remedy if hints else None
    return [hint.text for hint in hints], remedy and remedy.as_json()


def target_columns(target: ReplyTarget) -> tuple[object, ...]:
    """In the order of TARGET_COLUMNS."""
    return tuple(getattr(target, name) for name in TARGET_COLUMNS)


def _hints(row: asyncpg.Record) -> Iterator[Hint]:
    for number, text in enumerate(row["hints"]):
        remedy = row["remedy"] if number == 0 else None
        yield Hint(text, remedy and Remedy.from_json(remedy))


def job_of(row: asyncpg.Record) -> Job:
    return Job(
        id=JobId(row["id"]),
        state=JobState(row["state"]),
        parameters=PlanRecord.from_json(row["parameters"]),
        target=ReplyTarget(
            guild_id=row["guild_id"],
            channel_id=row["channel_id"],
            member_id=row["member_id"],
            application_id=row["application_id"],
            interaction_token=row["interaction_token"],
            reply_id=row["reply_id"],
            refers_to=row["refers_to"],
            is_private=row["is_private"],
            upload_limit=row["upload_limit"],
        ),
        asked_at=row["asked_at"],
        parent_id=row["parent_id"],
        attempts=row["attempts"],
        pictures=tuple(row["pictures"]),
        scores=tuple(row["scores"]),
        seconds=row["seconds"],
        message_id=row["message_id"],
        hints=tuple(_hints(row)),
        sentence=row["sentence"],
        finished_at=row["finished_at"],
    )


def life_of(row: asyncpg.Record) -> JobClosed:
    """Of a row that has just been answered."""
    return JobClosed(
        id=JobId(row["id"]),
        guild_id=row["guild_id"],
        checkpoint=row["parameters"]["checkpoint"],
        state=JobState(row["state"]),
        attempts=row["attempts"],
        waited=_seconds(row["asked_at"], row["started_at"]),
        drawn=row["seconds"],
        sent=_seconds(row["finished_at"], row["answered_at"]),
        total=(row["answered_at"] - row["asked_at"]).total_seconds(),
        error=row["error"],
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
