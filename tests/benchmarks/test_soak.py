"""A short soak: a few requests, a few kills, and one answer to each request."""

from __future__ import annotations

from benchmarks.soak.harness import soak

JOBS, KILLS, SEED = 20, 4, 5


async def test_every_request_is_answered_once_whatever_is_killed() -> None:
    report = await soak(JOBS, KILLS, SEED, quiet=True, settle=60)
    assert report.is_good, "\n".join([str(report.as_json()), *report.histories, *report.disagreements])
    assert report.accepted >= JOBS
    assert sum(report.kills.values()) == KILLS
