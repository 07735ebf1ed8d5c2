"""The short form of the soak: some requests, some kills, and everybody is answered once."""

from __future__ import annotations

from benchmarks.soak import soak

JOBS, KILLS, SEED = 20, 4, 5


async def test_everybody_is_answered_once_whatever_is_killed() -> None:
    report = await soak(JOBS, KILLS, SEED, quiet=True, settle=60)
    assert report.is_good, "\n".join([str(report.as_json()), *report.histories, *report.disagreements])
    assert report.asked >= JOBS
    assert sum(report.kills.values()) == KILLS
