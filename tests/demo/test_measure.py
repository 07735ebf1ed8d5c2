"""The measurement, in short, and what it says of figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.inversions import GENERAL
from demo.measure import report, shortfalls
from demo.trial import Arm, Outcome, Studio, compare, flawed_contents, placebo, placed
from demo.world import HABITS

EMBEDDINGS = Path(__file__).parents[2] / "demo" / "embeddings"
PAIRS = 10


@pytest.fixture(scope="module")
def plain(studio: Studio) -> Outcome:
    return studio.try_out(Arm("no negative"), flawed_contents(PAIRS))


def _row(damaged: float, shape: float = 1.0) -> dict[str, float]:
    names = ("washed out", "tinted", "watermark")
    return {"damaged": damaged, "fixed": 0, "broken": 0, "shape": shape, "colour": 1.0, **dict.fromkeys(names, damaged)}


def _figures(general: dict[str, float], randoms: tuple[float, ...] = (0.9, 0.8)):
    arms = {"no negative": _row(1.0), GENERAL: general}
    arms |= {f"random {number + 1}": _row(damaged) for number, damaged in enumerate(randoms)}
    return {"arms": arms, "sweep": []}


def test_plain_pictures_of_these_contents_are_flawed(plain: Outcome):
    assert plain.damaged.mean() >= 0.8


def test_the_general_embedding_more_than_halves_the_artifact_rate(studio: Studio, plain: Outcome):
    contents = flawed_contents(PAIRS)
    general = studio.try_out(Arm(GENERAL, (placed(EMBEDDINGS / f"{GENERAL}.safetensors"),)), contents)
    figures = compare(contents, plain, general)
    assert figures["damaged"] <= plain.damaged.mean() / 2
    assert figures["shape"] >= 0.9
    assert figures["broken"] == 0


def test_at_cfg_1_no_negative_changes_a_single_pixel(studio: Studio):
    contents = flawed_contents(2)
    general = placed(EMBEDDINGS / f"{GENERAL}.safetensors")
    arms = (Arm("none", cfg=1.0), Arm("general", (general,), cfg=1.0))
    without, with_it = (studio.try_out(arm, contents).pictures for arm in arms)
    assert np.array_equal(without, with_it)


def test_every_habit_is_among_the_contents():
    contents = flawed_contents(PAIRS)
    assert contents == flawed_contents(PAIRS)
    for number, scene in enumerate(contents):
        assert tuple(HABITS)[number % len(HABITS)] in (scene.shape, scene.place)


def test_a_placebo_has_the_length_of_the_original_and_nothing_else():
    original = placed(EMBEDDINGS / f"{GENERAL}.safetensors")
    ((_, rows),) = original.vectors.items()
    draws = [next(iter(placebo(original, seed).vectors.values())) for seed in range(3)]
    for drawn in draws:
        assert np.allclose(np.linalg.norm(drawn, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-4)
        assert np.abs(drawn - rows).max() > 0.1
    assert not np.allclose(draws[0], draws[1])


def test_good_figures_have_no_shortfall():
    assert shortfalls(_figures(_row(0.1))) == []
    assert "All targets are reached." in report(_figures(_row(0.1)))


def test_each_shortfall_is_named():
    assert "halve" in shortfalls(_figures(_row(0.6)))[0]
    assert "95%" in shortfalls(_figures(_row(0.1, shape=0.9)))[0]
    assert "random 2" in shortfalls(_figures(_row(0.3), randoms=(0.5, 0.3)))[0]
