"""The fair order of jobs: none lost or duplicated, no member pushed back, and batches that can share a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from services.jobs import Job, JobId
from services.queue.fair import FairQueue
from tests.builders import a_job

ANA, BEN, CLEO = 1, 2, 3


def filled(jobs: Iterable[Job]) -> FairQueue:
    queue = FairQueue()
    for job in jobs:
        queue.put_nowait(job)
    return queue


def next_job(queue: FairQueue) -> Job:
    item = queue.get_nowait()
    assert isinstance(item, Job)
    return item


def drained(queue: FairQueue) -> list[int]:
    return [queue.get_nowait().id for _ in range(queue.qsize())]


def test_ten_jobs_of_one_member_never_go_before_the_first_of_another() -> None:
    queue = filled([*(a_job(number, ANA) for number in range(10)), a_job(10, BEN)])
    assert drained(queue)[:2] == [0, 10]


def test_a_job_that_is_retried_does_not_wait_twice() -> None:
    queue = filled(a_job(number, ANA) for number in (1, 2, 3))
    assert queue.get_nowait().id == 1
    queue.put_nowait(a_job(1, ANA, attempts=1))
    queue.put_nowait(a_job(9, BEN))
    assert drained(queue) == [1, 9, 2, 3]


def test_a_job_is_in_line_only_once() -> None:
    assert drained(filled([a_job(1), a_job(2), a_job(1)])) == [1, 2]


def test_members_take_turns() -> None:
    jobs = [a_job(number, member) for number, member in enumerate([ANA, ANA, ANA, BEN, BEN, CLEO])]
    assert drained(filled(jobs)) == [0, 3, 5, 1, 4, 2]


def test_jobs_of_one_member_keep_their_order() -> None:
    assert drained(filled(a_job(number, ANA, steps=9 - number) for number in range(5))) == [0, 1, 2, 3, 4]


def test_large_jobs_count_for_more() -> None:
    large = [a_job(number, ANA, steps=40) for number in (0, 1)]
    small = [a_job(number, BEN, steps=10) for number in (2, 3, 4, 5, 6)]
    assert drained(filled([*large, *small])) == [0, 2, 3, 4, 5, 1, 6]


def test_a_member_who_comes_late_has_no_advantage_from_it() -> None:
    queue = filled(a_job(number, ANA) for number in range(6))
    served = [queue.get_nowait().id for _ in range(4)]
    for number in (10, 11, 12):
        queue.put_nowait(a_job(number, BEN))
    assert [*served, *drained(queue)] == [0, 1, 2, 3, 10, 4, 11, 5, 12]


def test_a_withdrawn_job_costs_its_member_nothing() -> None:
    queue = filled([*(a_job(number, ANA) for number in range(5)), *(a_job(number, BEN) for number in range(10, 14))])
    assert all(queue.withdraw(JobId(number)) for number in (0, 1, 2, 4))
    queue.put_nowait(a_job(20, ANA))
    assert drained(queue) == [3, 10, 11, 20, 12, 13]


def test_a_job_that_is_not_in_line_cannot_be_withdrawn() -> None:
    queue = filled([a_job(1)])
    assert not queue.withdraw(JobId(2))
    assert queue.withdraw(JobId(1))
    assert not queue.withdraw(JobId(1))
    assert queue.qsize() == 0


def test_a_batch_has_jobs_of_several_members_that_can_share_a_loop() -> None:
    first = a_job(1, ANA)
    same = [a_job(2, BEN, prompt="another", cfg=9.0, seed=1), a_job(5, CLEO, negative="blurry")]
    queue = filled([first, same[0], a_job(3, BEN, steps=9), a_job(4, ANA, width=64), same[1], a_job(6, ANA, chunks=2)])
    assert queue.get_nowait() is first
    assert {job.id for job in queue.take_company(first, 8)} == {2, 5}
    assert set(drained(queue)) == {3, 4, 6}


def test_a_batch_has_no_more_pictures_than_allowed() -> None:
    first = a_job(1, ANA, count=2)
    queue = filled([first, a_job(2, BEN, count=4), a_job(3, CLEO, count=3), a_job(4, 9, count=2), a_job(5, 8, count=1)])
    queue.get_nowait()
    company = queue.take_company(first, 6)
    assert [job.id for job in company] == [2]
    assert set(drained(queue)) == {3, 4, 5}
    large = a_job(6, count=4)
    assert filled([a_job(7)]).take_company(large, 2) == []


def test_a_job_that_is_retried_has_a_batch_of_its_own() -> None:
    suspect = a_job(1, ANA, attempts=1)
    queue = filled([a_job(2, BEN), a_job(3, CLEO, attempts=1), a_job(4, 9)])
    assert queue.take_company(suspect, 8) == []
    assert {job.id for job in queue.take_company(next_job(queue), 8)} == {4}


async def test_a_job_wakes_the_worker_unless_it_was_withdrawn() -> None:
    queue = FairQueue()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(a_job(1))
    assert queue.withdraw(JobId(1))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    queue.put_nowait(a_job(2))
    assert (await asyncio.wait_for(waiting, 1)).id == 2


def test_a_members_waiting_jobs_are_counted() -> None:
    queue = filled([a_job(1, ANA), a_job(2, BEN), a_job(3, ANA)])
    assert (queue.waits_of(ANA), queue.waits_of(BEN), queue.waits_of(CLEO)) == (2, 1, 0)
    queue.get_nowait()
    assert queue.waits_of(ANA) == 1


@given(st.lists(st.tuples(st.sampled_from([ANA, BEN, CLEO]), st.integers(1, 40)), max_size=14))
def test_waiting_members_are_served_equally(asked: list[tuple[int, int]]) -> None:
    """The theorem of start-time fair queueing: while two members are both waiting, the work done for them differs by at most
    the largest job of each."""
    jobs = [a_job(number, member, steps=steps) for number, (member, steps) in enumerate(asked)]
    served = [jobs[number] for number in drained(filled(jobs))]
    assert sorted(job.id for job in served) == list(range(len(jobs)))
    for first, second in combinations({job.target.member_id for job in jobs}, 2):
        bound = sum(max(_work(job, member) for job in jobs) for member in (first, second))
        both_wait = min(
            max(index for index, job in enumerate(served) if _work(job, member)) for member in (first, second)
        )
        for start, end in combinations(range(both_wait + 2), 2):
            stretch = served[start:end]
            assert abs(sum(_work(job, first) - _work(job, second) for job in stretch)) <= bound


def _work(job: Job, member: int) -> int:
    return job.parameters.pixel_steps if job.target.member_id == member else 0


class AnyOrderOfEvents(RuleBasedStateMachine):
    """In any order of events, each job leaves the line exactly once, and each member's jobs keep their order."""

    queued = Bundle("queued")

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()
        self.inside: dict[int, Job] = {}
        self.left: set[int] = set()
        self.number = 0

    @rule(target=queued, member=st.integers(1, 3), steps=st.integers(1, 3), count=st.integers(1, 4))
    def ask(self, member: int, steps: int, count: int) -> Job:
        self.number += 1
        job = a_job(self.number, member, steps=steps, count=count)
        self.queue.put_nowait(job)
        self.inside[job.id] = job
        return job

    @rule(limit=st.integers(1, 8))
    def serve(self, limit: int) -> None:
        if not self.inside:
            with pytest.raises(asyncio.QueueEmpty):
                self.queue.get_nowait()
            return
        promised = [job.id for job in self.queue.waiting]
        first = next_job(self.queue)
        assert first.id == promised[0]
        earlier = [job.id for job in self.inside.values() if job.target.member_id == first.target.member_id]
        assert first.id == min(earlier)
        company = self.queue.take_company(first, limit)
        assert all(job.parameters.batch_key == first.parameters.batch_key for job in company)
        assert not company or sum(job.parameters.count for job in (first, *company)) <= limit
        assert [job.id for job in company] == [number for number in promised if number in {job.id for job in company}]
        for job in (first, *company):
            self._leaves(job)

    @rule(target=queued, job=consumes(queued))
    def withdraw(self, job: Job):
        assert self.queue.withdraw(job.id) == (job.id in self.inside)
        if job.id in self.inside:
            self._leaves(job)
        return multiple()

    @invariant()
    def the_line_has_the_jobs_that_joined_and_did_not_leave(self) -> None:
        assert {job.id for job in self.queue.waiting} == set(self.inside)
        assert self.queue.qsize() == len(self.inside)
        assert self.queue.empty() == (not self.inside)

    def _leaves(self, job: Job) -> None:
        assert job.id not in self.left
        self.left.add(job.id)
        del self.inside[job.id]


TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
TestAnyOrderOfEvents.settings = settings(max_examples=40, stateful_step_count=30)
