"""How long a picture takes is learned from earlier ones."""

from __future__ import annotations

import pytest

from services.queue.pace import FIRST_GUESS, FRESHNESS, Pace
from tests.builders import a_job


def test_the_first_measurement_replaces_the_guess() -> None:
    pace, job = Pace(), a_job()
    work = job.parameters.pixel_steps
    assert pace.seconds_of(job) == pytest.approx(FIRST_GUESS * work)
    pace.learn("demo", work * 4, 8.0)
    assert pace.seconds_of(job) == pytest.approx(2.0)


def test_later_measurements_move_the_average() -> None:
    pace, job = Pace(), a_job()
    work = job.parameters.pixel_steps
    pace.learn("demo", work, 2.0)
    pace.learn("demo", work, 4.0)
    assert pace.seconds_of(job) == pytest.approx(2.0 + FRESHNESS * 2.0)


def test_each_model_has_its_own_pace() -> None:
    pace = Pace()
    pace.learn("demo", 100, 1.0)
    other = a_job(checkpoint="sdxl")
    assert pace.seconds_of(other) == pytest.approx(FIRST_GUESS * other.parameters.pixel_steps)


def test_waiting_times_add_up_after_half_of_what_is_running() -> None:
    pace, running, first, second = Pace(), a_job(1, count=2), a_job(2), a_job(3, steps=4)
    pace.learn("demo", first.parameters.pixel_steps, 3.0)
    line = pace.line([running], [first, second])
    assert [job.id for job, _ in line] == [2, 3]
    assert [seconds for _, seconds in line] == pytest.approx([3.0 + 3.0, 6.0 + 6.0])


def test_an_empty_line_has_no_waiting_times() -> None:
    assert Pace().line([a_job()], []) == []
