"""What becomes of pictures that the classifier takes for unsafe."""

from __future__ import annotations

import pytest

from services.policy.safety import Safety, Shown, shown, withheld_sentence

SCORES = (0.1, 0.8, 0.95)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (Safety.OFF, Shown((0, 1, 2))),
        (Safety.SPOILER, Shown((0, 1, 2), frozenset({1, 2}))),
        (Safety.WITHHOLD, Shown((0,))),
    ],
)
def test_a_setting_decides_from_its_threshold_on(setting: Safety, expected: Shown) -> None:
    assert shown(3, SCORES, setting, 0.8) == expected


@pytest.mark.parametrize("setting", Safety)
def test_pictures_without_scores_are_posted_as_they_are(setting: Safety) -> None:
    assert shown(2, (), setting, 0.0) == Shown((0, 1))


def test_withheld_pictures_are_counted_for_their_author() -> None:
    assert shown(3, SCORES, Safety.WITHHOLD, 0.8).withheld_of(3) == 2
    assert withheld_sentence(1) == "1 picture was withheld: it looks like something this server doesn't show."
    assert withheld_sentence(2) == "2 pictures were withheld: they look like something this server doesn't show."
