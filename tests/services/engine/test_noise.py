"""The noise that pictures start from, and that of their variations."""

from __future__ import annotations

import pytest
import torch

from services.engine.noise import initial_noise, mix
from services.parameters import GenerationParameters
from tests.builders import a_plan

SHAPE = (4, 16, 16)


def noise_of(plan: GenerationParameters, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    samples = [(plan, index) for index in range(plan.count)]
    generators = [torch.Generator("cpu").manual_seed(plan.seed_of(index)) for _, index in samples]
    return initial_noise(samples, generators, SHAPE, dtype)


def drawn(seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn((1, *SHAPE), generator=torch.Generator("cpu").manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_picture_starts_from_its_seeds_noise(dtype: torch.dtype) -> None:
    noise = noise_of(a_plan(seed=7, count=2), dtype)
    assert torch.equal(noise, torch.cat([drawn(7, dtype), drawn(8, dtype)]))


def test_variations_share_a_seed_and_differ_by_another() -> None:
    noise = noise_of(a_plan(seed=7, count=2, variation_strength=0.2, variation_seed=50))
    for index in range(2):
        assert torch.equal(noise[index], mix(drawn(7)[0], drawn(50 + index)[0], 0.2))
    assert not torch.equal(noise[0], noise[1])


def test_the_ends_of_the_way_are_the_noises_themselves() -> None:
    one, other = drawn(7)[0], drawn(8)[0]
    assert torch.allclose(mix(one, other, 0.0), one, atol=1e-6)
    assert torch.allclose(mix(one, other, 1.0), other, atol=1e-5)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_mixed_noise_is_still_as_strong_as_noise(share: float) -> None:
    """A straight line would be too weak in the middle, and the picture grey."""
    assert mix(drawn(7)[0], drawn(8)[0], share).std() == pytest.approx(1, abs=0.05)


def test_the_nearer_the_more_alike() -> None:
    one, other = drawn(7)[0], drawn(8)[0]
    distances = [(mix(one, other, share) - one).norm() for share in (0.05, 0.2, 0.5, 1.0)]
    assert distances == sorted(distances)


def test_the_same_noise_twice_is_itself() -> None:
    assert torch.allclose(mix(drawn(7)[0], drawn(7)[0], 0.3), drawn(7)[0])
