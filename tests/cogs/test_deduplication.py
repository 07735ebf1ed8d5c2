"""What comes twice is done once, for as long as it is remembered."""

from __future__ import annotations

import time

from cogs.deduplication import MAX_REMEMBERED, RecentlySeen


def test_a_key_is_first_until_it_is_forgotten() -> None:
    seen = RecentlySeen()
    assert seen.is_first("a")
    assert not seen.is_first("a")
    assert seen.is_first("b")
    seen.forget("a")
    assert seen.is_first("a")
    seen.clear()
    assert seen.is_first("b")
    seen.forget("never seen")


def test_after_some_time_a_key_is_first_again() -> None:
    seen = RecentlySeen(seconds=0.05)
    assert seen.is_first("click")
    assert not seen.is_first("click")
    time.sleep(0.06)
    assert seen.is_first("click")


def test_the_oldest_keys_are_forgotten_if_there_are_too_many() -> None:
    seen = RecentlySeen()
    for number in range(MAX_REMEMBERED + 1):
        assert seen.is_first(number)
    assert seen.is_first(0)
    assert not seen.is_first(MAX_REMEMBERED)
