"""Each artifact does what its name says, to any picture."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.artifacts import damage

seeds = st.integers(0, 2**32)


def _before_and_after(artifact: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    image = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    damaged = damage(image, artifact, random.Random(seed))
    return np.asarray(image, dtype=np.float32), np.asarray(damaged, dtype=np.float32)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_washed_out_leaves_at_most_two_fifths_of_the_contrast(seed: int):
    before, after = _before_and_after("washed out", seed)
    assert 0.2 < after.std() / before.std() < 0.4
    assert after.mean() > before.mean()


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_tinted_shifts_every_pixel_half_way_to_green(seed: int):
    before, after = _before_and_after("tinted", seed)
    assert np.abs(after - (before + np.array([70, 170, 80])) / 2).max() <= 1


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_watermark_brightens_only_some_pixels(seed: int):
    before, after = _before_and_after("watermark", seed)
    changed = np.abs(after - before).max(axis=2) > 1
    assert (after - before).min() >= -1
    assert 0.15 < changed.mean() < 0.9


def test_an_unknown_artifact_is_refused():
    with pytest.raises(ValueError, match="there is no artifact 'blurry'"):
        damage(Image.new("RGB", (64, 64)), "blurry", random.Random(0))
