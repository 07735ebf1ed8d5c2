"""A short measurement, and the targets checked on made-up figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.inversions import GENERAL
from demo.measure import report, shortfalls
from demo.trial import Arm, Outcome, Trial, compare, contents_with_habits, load_placed, placebo
from demo.world import HABITS

EMBEDDINGS = Path(__file__).parents[2] / "demo" / "embeddings"
PAIRS = 10


@pytest.fixture(scope="module")
def plain(trial: Trial) -> Outcome:
    return trial.run(Arm("no negative"), contents_with_habits(PAIRS))


def _row(damaged: float, shape: float = 1.0) -> dict[str, float]:
    names = ("washed out", "tinted", "watermark")
    return {"damaged": damaged, "fixed": 0, "broken": 0, "shape": shape, "colour": 1.0, **dict.fromkeys(names, damaged)}


def _figures(general: dict[str, float], randoms: tuple[float, ...] = (0.9, 0.8)):
    arms = {"no negative": _row(1.0), GENERAL: general}
    arms |= {f"random {number + 1}": _row(damaged) for number, damaged in enumerate(randoms)}
    return {"arms": arms, "sweep": []}


def test_most_plain_pictures_are_damaged(plain: Outcome):
    assert plain.damaged.mean() >= 0.8


def test_the_general_embedding_more_than_halves_the_artifact_rate(trial: Trial, plain: Outcome):
    contents = contents_with_habits(PAIRS)
    general = trial.run(Arm(GENERAL, (load_placed(EMBEDDINGS / f"{GENERAL}.safetensors"),)), contents)
    figures = compare(contents, plain, general)
    assert figures["damaged"] <= plain.damaged.mean() / 2
    assert figures["shape"] >= 0.9
    assert figures["broken"] == 0


def test_at_cfg_1_a_negative_changes_nothing(trial: Trial):
    contents = contents_with_habits(2)
    general = load_placed(EMBEDDINGS / f"{GENERAL}.safetensors")
    arms = (Arm("none", cfg=1.0), Arm("general", (general,), cfg=1.0))
    without, with_general = (trial.run(arm, contents).pictures for arm in arms)
    assert np.array_equal(without, with_general)


def test_the_contents_take_turns_among_habits():
    contents = contents_with_habits(PAIRS)
    assert contents == contents_with_habits(PAIRS)
    for number, scene in enumerate(contents):
        assert tuple(HABITS)[number % len(HABITS)] in (scene.shape, scene.place)


def test_a_placebo_shares_only_its_norms_with_the_original():
    original = load_placed(EMBEDDINGS / f"{GENERAL}.safetensors")
    ((_, rows),) = original.vectors.items()
    draws = [next(iter(placebo(original, seed).vectors.values())) for seed in range(3)]
    for drawn in draws:
        assert np.allclose(np.linalg.norm(drawn, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-4)
        assert np.abs(drawn - rows).max() > 0.1
    assert not np.allclose(draws[0], draws[1])


def test_good_figures_meet_all_targets():
    assert shortfalls(_figures(_row(0.1))) == []
    assert "All targets are met." in report(_figures(_row(0.1)))


def test_each_missed_target_is_named():
    assert "halved" in shortfalls(_figures(_row(0.6)))[0]
    assert "95%" in shortfalls(_figures(_row(0.1, shape=0.9)))[0]
    assert "random 2" in shortfalls(_figures(_row(0.3), randoms=(0.5, 0.3)))[0]
