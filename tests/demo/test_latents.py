"""The fixed latent space preserves most of a picture."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.latents import CHANNELS, fit_codec, load_codec, patches
from demo.world import draw, random_scene, with_habits

Pictures = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    rng = random.Random(1)
    return np.stack([np.asarray(draw(with_habits(random_scene(rng), rng), rng)) for _ in range(150)])


def test_latents_have_the_shape_that_the_unet_expects(pictures: Pictures):
    latents = load_codec().encode(pictures)
    assert latents.shape == (150, CHANNELS, 16, 16)
    assert latents.dtype == np.float32
    assert latents.std(axis=(0, 2, 3)) == pytest.approx(np.ones(CHANNELS), abs=0.35)


def test_eight_components_keep_nearly_all_variance(pictures: Pictures):
    codec, flat = load_codec(), patches(pictures)
    coded = (flat - codec.mean) @ codec.components
    lost = ((coded @ codec.components.T + codec.mean - flat) ** 2).mean()
    assert lost / flat.var() < 0.04


def test_a_codec_can_be_fitted_to_other_pictures(pictures: Pictures, tmp_path: Path):
    codec = fit_codec(pictures)
    codec.save(tmp_path / "codec.npz")
    assert np.abs(codec.encode(pictures).mean(axis=(0, 2, 3))).max() < 0.01
