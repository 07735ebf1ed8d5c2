"""The cache of encoded prompts: its key, its bounds, and finite values without gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioner
from services.engine.loader import LoadedCheckpoint
from tests.services.engine.tiny import placed

PROMPT, NEGATIVE = "a red fish in the sea", "blurry, low quality"


def test_the_cache_key_covers_everything_that_changes_the_encoding(sd1: LoadedCheckpoint) -> None:
    conditioner = Conditioner(Architecture.SD1, sd1.pipe)
    calls: list[int] = []
    handle = sd1.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    embedding = placed(Architecture.SD1)
    try:
        first = conditioner.encode(NEGATIVE, [embedding])
        renamed = replace(embedding, id="EasyNegative", file_hash="1" * 64)
        assert conditioner.encode(NEGATIVE, [renamed]) is first
        assert len(calls) == 1
        others = [
            conditioner.encode(PROMPT, [embedding]),
            conditioner.encode(NEGATIVE),
            conditioner.encode(NEGATIVE, [placed(Architecture.SD1, seed=1)]),
            conditioner.encode(NEGATIVE, [replace(embedding, strength=0.8)]),
            conditioner.encode(NEGATIVE, [embedding], clip_skip=2),
            conditioner.encode(NEGATIVE, [embedding], chunks=2),
        ]
        assert len(calls) == 1 + len(others)
    finally:
        handle.remove()
    for other in others:
        assert other.states.shape != first.states.shape or not torch.equal(other.states, first.states)


def test_the_least_recently_used_entry_is_evicted(sd1: LoadedCheckpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    conditioner = Conditioner(Architecture.SD1, sd1.pipe)
    one = conditioner.encode("one")
    monkeypatch.setattr("services.engine.conditioning.CACHE_BYTES", 2 * one.num_bytes)
    two = conditioner.encode("two")
    assert conditioner.encode("one") is one
    conditioner.encode("three")
    assert conditioner.encode("one") is one
    again = conditioner.encode("two")
    assert again is not two
    assert torch.equal(again.states, two.states)
    # an entry larger than the whole cache is not kept
    monkeypatch.setattr("services.engine.conditioning.CACHE_BYTES", one.num_bytes // 2)
    large = conditioner.encode("four")
    assert conditioner.encode("four") is not large


def test_no_gradients_are_recorded(sd1: LoadedCheckpoint) -> None:
    states = sd1.conditioner.encode("(no:1.2) gradients", [placed(Architecture.SD1)]).states
    assert not states.requires_grad
    assert torch.isfinite(states).all()


@pytest.mark.parametrize(
    "prompt", ["(red:999999999)", "(red:-5) fish", "(red fish in the sea:0)", "((((((red))))))", "🐟" * 70]
)
def test_no_prompt_produces_non_finite_values(sd1: LoadedCheckpoint, prompt: str) -> None:
    assert torch.isfinite(sd1.conditioner.encode(prompt, chunks=4).states).all()
