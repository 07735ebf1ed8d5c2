"""What comes twice is done once, for as long as that is remembered."""

from __future__ import annotations

import time

from cogs.deduplication import MAX_REMEMBERED, Once


def test_the_first_counts_until_it_is_forgotten() -> None:
    once = Once()
    assert once.is_first("a")
    assert not once.is_first("a")
    assert once.is_first("b")
    once.forget("a")
    assert once.is_first("a")
    once.forget_all()
    assert once.is_first("b")
    once.forget("never heard of")


def test_after_some_time_it_may_be_meant_anew() -> None:
    once = Once(seconds=0.05)
    assert once.is_first("click")
    assert not once.is_first("click")
    time.sleep(0.06)
    assert once.is_first("click")


def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    once = Once()
    for number in range(MAX_REMEMBERED + 1):
        assert once.is_first(number)
    assert once.is_first(0)
    assert not once.is_first(MAX_REMEMBERED)
