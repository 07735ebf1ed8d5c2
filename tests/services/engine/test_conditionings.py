"""Conditionings in a prompt: alone bit for bit what the file has, beside others a chunk of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.architecture import Architecture
from embeddings.embedding import POOLED, STATES, hash_vectors
from services.engine.loader import LoadedCheckpoint
from services.parameters import PlacedEmbedding
from tests.services.engine.tiny import placed

NEGATIVE = "blurry, low quality"
ByName = Callable[[str], LoadedCheckpoint]


def a_conditioning(architecture: Architecture, *, strength: float = 1.0, seed: int = 0) -> PlacedEmbedding:
    """With random values, as part of a plan."""
    random = np.random.default_rng(seed)
    widths = list(architecture.facts.encoders.values())
    vectors = {STATES: random.normal(size=(77, sum(widths))).astype(np.float32)}
    if len(widths) > 1:
        vectors[POOLED] = random.normal(size=(1, widths[-1])).astype(np.float32)
    return PlacedEmbedding("reneg", strength, 77, hash_vectors(vectors), "0" * 64, vectors)


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().numpy().tobytes()


@pytest.mark.parametrize("checkpoint", ["sd1", "sd2", "sdxl", "demo"])
def test_alone_it_is_the_negative_conditioning_to_the_bit(by_name: ByName, checkpoint: str) -> None:
    loaded = by_name(checkpoint)
    reneg = a_conditioning(loaded.checkpoint.architecture)
    encoded = loaded.conditioner.encode("", [reneg])
    assert bits(encoded.states) == reneg.vectors[STATES].tobytes()
    if encoded.pooled is not None:
        assert bits(encoded.pooled) == reneg.vectors[POOLED].tobytes()


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl"])
def test_words_and_other_embeddings_have_the_chunks_after_it(by_name: ByName, checkpoint: str) -> None:
    loaded = by_name(checkpoint)
    architecture = loaded.checkpoint.architecture
    reneg, other = a_conditioning(architecture), placed(architecture, 8)
    together = loaded.conditioner.encode(NEGATIVE, [reneg, other])
    without = loaded.conditioner.encode(NEGATIVE, [other])
    assert bits(together.states[:, :77]) == reneg.vectors[STATES].tobytes()
    torch.testing.assert_close(together.states[:, 77:], without.states)


def test_two_have_a_chunk_each(sd1: LoadedCheckpoint) -> None:
    both = [a_conditioning(Architecture.SD1, seed=seed) for seed in (1, 2)]
    encoded = sd1.conditioner.encode("", both)
    assert bits(encoded.states) == b"".join(one.vectors[STATES].tobytes() for one in both)


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl"])
def test_its_strength_goes_from_the_empty_prompt_to_it_and_beyond(by_name: ByName, checkpoint: str) -> None:
    conditioner = by_name(checkpoint).conditioner
    architecture = by_name(checkpoint).checkpoint.architecture
    empty = conditioner.encode("")
    for strength in (0.0, 0.5, 1.3):
        reneg = a_conditioning(architecture, strength=strength)
        full = torch.as_tensor(reneg.vectors[STATES])[None]
        encoded = conditioner.encode("", [reneg])
        torch.testing.assert_close(encoded.states, empty.states + strength * (full - empty.states))
        if encoded.pooled is not None and empty.pooled is not None:
            pooled = torch.as_tensor(reneg.vectors[POOLED])
            torch.testing.assert_close(encoded.pooled, empty.pooled + strength * (pooled - empty.pooled))


@pytest.mark.parametrize(
    ("own", "other"), [("sd1", Architecture.SD2), ("sd1", Architecture.SDXL), ("sdxl", Architecture.SD1)]
)
def test_one_of_another_architecture_is_never_used(by_name: Any, own: str, other: Architecture) -> None:
    with pytest.raises(ValueError, match="reneg is for states"):
        by_name(own).conditioner.encode("", [a_conditioning(other)])
