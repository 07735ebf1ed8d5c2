"""The line: who may join, which jobs are in hand, and what members hear about it."""

from __future__ import annotations

import asyncio

import pytest

from services.errors import LimitReached
from services.jobs import JobId, JobState
from services.queue.line import MAX_LINE, Line
from tests.builders import a_job
from tests.refusals import refused
from tests.sentences.line import ENOUGH_IN_LINE, LINE_IS_FULL
from tests.services.recording import RecordingDelivery

ANA, BEN = 1, 2


@pytest.fixture
def delivery() -> RecordingDelivery:
    return RecordingDelivery()


@pytest.fixture
def line(delivery: RecordingDelivery) -> Line:
    return Line(delivery, per_member=2)


def waiting(line: Line) -> list[int]:
    return [job.id for job in line.waiting]


def test_a_member_has_room_for_so_many_jobs(line: Line) -> None:
    line.join(a_job(1, ANA))
    line.check_room(ANA)
    line.join(a_job(2, ANA))
    with refused(ENOUGH_IN_LINE.format(count=2), LimitReached):
        line.check_room(ANA)
    line.check_room(BEN)


def test_a_full_line_has_room_for_no_one(line: Line) -> None:
    line.join(*(a_job(number, 100 + number) for number in range(MAX_LINE)))
    with refused(LINE_IS_FULL, LimitReached):
        line.check_room(BEN)


def test_a_reservation_counts_until_the_job_is_in_line(line: Line) -> None:
    with line.reserve(ANA):
        line.check_room(ANA)
        with line.reserve(ANA):
            with refused(ENOUGH_IN_LINE.format(count=2), LimitReached):
                line.reserve(ANA)
            line.check_room(BEN)
            line.join(a_job(1, ANA))
        line.check_room(BEN)
    line.check_room(ANA)  # one in line, none reserved
    line.join(a_job(2, ANA))
    with pytest.raises(LimitReached):
        line.reserve(ANA)


def test_a_reservation_ends_when_its_job_could_not_be_stored(line: Line) -> None:
    for _ in range(5):
        with pytest.raises(ValueError, match="no database"), line.reserve(ANA):
            raise ValueError("no database")
    line.check_room(ANA)


def test_a_reservation_that_is_never_entered_does_not_count(line: Line) -> None:
    for _ in range(5):
        line.reserve(ANA)
    line.check_room(ANA)


def test_a_job_that_leaves_makes_room(line: Line) -> None:
    line.join(a_job(1, ANA), a_job(2, ANA))
    line.leave(JobId(1))
    assert waiting(line) == [2]
    line.check_room(ANA)
    line.leave(JobId(404))


async def test_the_next_batch_is_running_until_it_is_finished(line: Line) -> None:
    first, same, other = a_job(1, ANA), a_job(2, BEN), a_job(3, BEN, width=64)
    line.join(first, same, other)
    assert await line.next_batch(8) == [first, same]
    assert line.running == [first, same]
    assert waiting(line) == [3]
    line.finished([first.evolve(state=JobState.RENDERED)])
    assert line.running == [same]
    line.finished([same])
    assert line.running == []


async def test_a_batch_is_awaited(line: Line) -> None:
    task = asyncio.create_task(line.next_batch(8))
    await asyncio.sleep(0.01)
    assert not task.done()
    line.join(a_job(1))
    assert [job.id for job in await asyncio.wait_for(task, 1)] == [1]


async def test_a_running_job_does_not_count_against_its_member(line: Line) -> None:
    line.join(a_job(1, ANA), a_job(2, ANA, width=64))
    await line.next_batch(1)
    line.check_room(ANA)


async def test_jobs_are_in_hand_while_they_wait_run_or_are_being_answered(
    line: Line, delivery: RecordingDelivery
) -> None:
    line.join(a_job(1), a_job(2, width=64))
    await line.next_batch(8)
    delivery.answer(a_job(3).evolve(state=JobState.CANCELLED))
    assert line.in_hand == {1, 2, 3}
    line.finished(line.running)
    assert line.in_hand == {2, 3}


async def test_members_hear_where_they_are(line: Line, delivery: RecordingDelivery) -> None:
    line.join(a_job(1, ANA), a_job(2, ANA, width=64), a_job(3, BEN, width=64))
    line.announce()
    await line.next_batch(1)
    line.announce()
    assert delivery.lines == [[1, 3, 2], [3, 2]]


async def test_a_turn_waits_like_a_job_of_the_same_work(line: Line) -> None:
    order: list[str] = []
    work = a_job().work

    async def draw(member: int, name: str) -> None:
        async with line.turn(member, "demo", work):
            order.append(name)

    tasks = [asyncio.create_task(draw(ANA, "first")), asyncio.create_task(draw(ANA, "second"))]
    await asyncio.sleep(0)
    with refused(ENOUGH_IN_LINE.format(count=2), LimitReached):
        line.check_room(ANA)
    line.join(a_job(7, BEN))
    assert [job.id for job in await line.next_batch(8)] == [7]
    line.join(a_job(8, BEN), a_job(9, BEN))
    assert [job.id for job in await line.next_batch(1)] == [8]
    assert order == ["first"]
    assert [job.id for job in await line.next_batch(1)] == [9]
    assert order == ["first", "second"]
    await asyncio.gather(*tasks)
    line.check_room(ANA)


async def test_a_turn_that_nobody_waits_for_any_more_holds_nobody_up(line: Line) -> None:
    async def draw() -> None:
        async with line.turn(ANA, "demo", 1):
            raise AssertionError("its turn never comes")

    task = asyncio.create_task(draw())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    line.join(a_job(1, BEN))
    assert [job.id for job in await asyncio.wait_for(line.next_batch(8), 1)] == [1]


async def test_a_turn_whose_drawing_fails_gives_the_engine_back(line: Line) -> None:
    async def draw() -> None:
        async with line.turn(ANA, "demo", 1):
            raise ValueError("no engine")

    task = asyncio.create_task(draw())
    await asyncio.sleep(0)
    line.join(a_job(1, BEN), a_job(2, BEN))
    assert [job.id for job in await asyncio.wait_for(line.next_batch(1), 1)] == [1]
    assert [job.id for job in await asyncio.wait_for(line.next_batch(1), 1)] == [2]
    with pytest.raises(ValueError, match="no engine"):
        await task
