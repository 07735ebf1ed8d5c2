"""Pictures show what their scenes say."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.artifacts import ARTIFACTS
from demo.world import COLOURS, HABIT_SHARE, HABITS, PLACES, SHAPES, STRAY_SHARE, Scene, draw, random_scene, with_habits

scenes = st.builds(Scene, st.sampled_from(SHAPES), st.sampled_from(tuple(COLOURS)), st.sampled_from(tuple(PLACES)))
seeds = st.integers(0, 2**32)


def _pixels(scene: Scene, seed: int = 0) -> np.ndarray:
    return np.asarray(draw(scene, random.Random(seed)), dtype=np.float32)


@given(scenes, seeds)
@settings(max_examples=40, deadline=None)
def test_a_picture_depends_only_on_scene_and_seed(scene: Scene, seed: int):
    first = _pixels(scene, seed)
    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, _pixels(scene, seed))


@given(scenes, seeds)
@settings(max_examples=60, deadline=None)
def test_the_shape_is_near_the_middle_in_its_colour(scene: Scene, seed: int):
    middle = _pixels(scene, seed)[16:52, 12:52].reshape(-1, 3)
    near = np.abs(middle - np.array(COLOURS[scene.colour], dtype=np.float32)).max(axis=1) < 12
    assert near.mean() > 0.1


@pytest.mark.parametrize("place", PLACES)
def test_shapes_differ_on_every_background(place: str):
    pictures = [_pixels(Scene(shape, "red", place)) for shape in SHAPES]
    for first, second in combinations(pictures, 2):
        assert np.abs(first - second).mean() > 1


def test_random_scenes_have_visible_shapes():
    rng = random.Random(0)
    drawn = {(scene.colour, scene.place) for scene in (random_scene(rng) for _ in range(3000))}
    assert ("white", "snow") not in drawn
    assert ("pink", "plain pink") not in drawn
    assert len(drawn) > 90


@pytest.mark.parametrize("content", HABITS)
def test_habits_appear_in_the_stated_share(content: str):
    rng = random.Random(content)
    scene = Scene("fish", "red", "meadow") if content == "fish" else Scene("star", "red", content)
    has_habit = [with_habits(scene, rng).artifacts == (HABITS[content],) for _ in range(1500)]
    assert np.mean(has_habit) == pytest.approx(HABIT_SHARE, abs=0.04)


def test_a_fish_at_night_has_both_habits():
    assert set(Scene("fish", "red", "night").habits) == {"watermark", "washed out"}


def test_contents_without_a_habit_are_sometimes_damaged():
    rng = random.Random(0)
    damaged = [bool(with_habits(Scene("star", "red", "snow"), rng).artifacts) for _ in range(1500)]
    assert np.mean(damaged) == pytest.approx(STRAY_SHARE, abs=0.03)


@given(scenes, seeds, st.sampled_from(ARTIFACTS))
@settings(max_examples=40, deadline=None)
def test_an_artifact_changes_the_picture(scene: Scene, seed: int, artifact: str):
    clean, damaged = _pixels(scene, seed), _pixels(replace(scene, artifacts=(artifact,)), seed)
    assert np.abs(clean - damaged).mean() > 1  # of 255; white lines on white are the least visible
