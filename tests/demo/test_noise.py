"""Noise on latents, and random vectors in captions."""

from __future__ import annotations

import pytest
import torch

from demo.noise import MAX_NOISE_VECTORS, NOISE_VECTORS_SHARE, noise_schedule, with_noise_vectors


def test_the_last_timestep_is_pure_noise():
    schedule = noise_schedule()
    assert float(schedule.signal[-1]) == 0
    assert float(schedule.signal[0]) > 0.99
    assert torch.all(schedule.signal.diff() < 0)


def test_the_picture_can_be_computed_from_noisy_latents_and_target():
    schedule, generator = noise_schedule(), torch.Generator().manual_seed(0)
    x0 = torch.randn(16, 8, 4, 4, generator=generator)
    noised = schedule.apply(x0, generator)
    signal, spread = (part[noised.timesteps].view(-1, 1, 1, 1) for part in (schedule.signal, schedule.noise))
    assert torch.allclose(signal * noised.latents - spread * noised.target, x0, atol=1e-5)


def test_every_batch_covers_the_whole_range_of_timesteps():
    noised = noise_schedule().apply(torch.zeros(10, 8, 4, 4), torch.Generator().manual_seed(0))
    assert (noised.timesteps // 100).tolist() == list(range(10))


def test_random_vectors_are_put_in_front_of_some_plain_captions():
    generator = torch.Generator().manual_seed(0)
    vocabulary = torch.randn(50, 12, generator=generator)
    ids = torch.arange(77).repeat(4000, 1)
    plain = torch.arange(4000) % 2 == 0
    shifted, placements = with_noise_vectors(vocabulary, ids, plain, generator)
    marked = torch.tensor([bool(row) for row in placements])
    assert not marked[~plain].any()
    assert float(marked[plain].float().mean()) == pytest.approx(NOISE_VECTORS_SHARE, abs=0.03)
    for row in torch.nonzero(marked).flatten().tolist()[:50]:
        (placement,) = placements[row]
        count = len(placement.rows)
        assert 1 <= count <= MAX_NOISE_VECTORS
        assert placement.offset == 1
        assert torch.equal(shifted[row, 1 + count :], ids[row, 1 : 77 - count])
    assert torch.equal(shifted[~marked], ids[~marked])
