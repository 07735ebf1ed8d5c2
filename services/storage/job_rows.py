"""From a job's row to a `Job`."""

from __future__ import annotations

import asyncpg

from services.jobs import Job, JobId, JobState, ReplyTarget
from services.parameters import PlanRecord


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
            upload_limit=row["upload_limit"],
        ),
        asked_at=row["asked_at"],
        parent_id=row["parent_id"],
        attempts=row["attempts"],
        pictures=tuple(row["pictures"]),
        scores=tuple(row["scores"]),
        seconds=row["seconds"],
        message_id=row["message_id"],
        hints=tuple(row["hints"]),
        sentence=row["sentence"],
        finished_at=row["finished_at"],
    )
