"""News of an unfinished job."""

from __future__ import annotations

import pytest

from cogs.answers import live
from cogs.answers.live import LiveCard
from tests.builders import a_job


class Watch:
    """A clock that is set by hand."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(live.time, "monotonic", watch.monotonic)
    return watch


async def test_the_same_news_is_told_once() -> None:
    card = LiveCard(a_job())
    card.show("first in line")
    assert card.changed.is_set()
    card.changed.clear()
    card.show("first in line")
    assert not card.changed.is_set()


async def test_the_rest_is_judged_by_the_steps_so_far(watch: Watch) -> None:
    card = LiveCard(a_job())
    assert card.seconds_left(1, 20) is None
    watch.now += 8
    assert card.seconds_left(5, 20) == pytest.approx(30)
    watch.now += 30
    assert card.seconds_left(20, 20) == 0


async def test_a_second_attempt_is_judged_by_itself(watch: Watch) -> None:
    card = LiveCard(a_job())
    card.seconds_left(1, 20)
    watch.now += 100
    card.seconds_left(10, 20)
    assert card.seconds_left(1, 20) is None
    watch.now += 1
    assert card.seconds_left(2, 20) == pytest.approx(18)
