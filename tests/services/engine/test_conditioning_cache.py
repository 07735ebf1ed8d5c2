"""What is encoded once is kept, within bounds; and nothing that is encoded changes the checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioner
from services.engine.loading import LoadedCheckpoint
from tests.services.engine.tiny import placed

PROMPT, NEGATIVE = "a red fish in the sea", "blurry, low quality"


def test_what_is_encoded_again_comes_from_the_cache(sd1: LoadedCheckpoint) -> None:
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


def test_the_cache_gives_up_what_was_used_longest_ago(sd1: LoadedCheckpoint, monkeypatch: pytest.MonkeyPatch) -> None:
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
    # what is larger than the whole cache is encoded and not kept
    monkeypatch.setattr("services.engine.conditioning.CACHE_BYTES", one.num_bytes // 2)
    large = conditioner.encode("four")
    assert conditioner.encode("four") is not large


def state_of(loaded: LoadedCheckpoint) -> str:
    digest = hashlib.sha256()
    for tokenizer, encoder in loaded.checkpoint.architecture.facts.parts:
        digest.update(json.dumps(getattr(loaded.pipe, tokenizer).get_vocab(), sort_keys=True).encode())
        digest.update(getattr(loaded.pipe, tokenizer).backend_tokenizer.to_str().encode())
        for name, tensor in getattr(loaded.pipe, encoder).state_dict().items():
            digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
def test_no_request_changes_a_weight_or_the_vocabulary(
    by_name: Callable[[str], LoadedCheckpoint], checkpoint: str
) -> None:
    loaded = by_name(checkpoint)
    architecture = loaded.checkpoint.architecture
    conditioner = Conditioner(architecture, loaded.pipe)
    before, plain = state_of(loaded), conditioner.encode(PROMPT)
    for number in range(12):
        three = [placed(architecture, 1 + number * 3, seed=number * 3 + i, strength=0.5 + i / 4) for i in range(3)]
        conditioner.encode(f"{NEGATIVE} {number}", three, chunks=2)
    assert state_of(loaded) == before
    assert torch.equal(Conditioner(architecture, loaded.pipe).encode(PROMPT).states, plain.states)


def test_no_gradients_are_kept(sd1: LoadedCheckpoint) -> None:
    states = sd1.conditioner.encode("(no:1.2) gradients", [placed(Architecture.SD1)]).states
    assert not states.requires_grad
    assert torch.isfinite(states).all()


@pytest.mark.parametrize(
    "prompt", ["(red:999999999)", "(red:-5) fish", "(red fish in the sea:0)", "((((((red))))))", "🐟" * 70]
)
def test_no_prompt_makes_a_value_that_is_no_number(sd1: LoadedCheckpoint, prompt: str) -> None:
    assert torch.isfinite(sd1.conditioner.encode(prompt, chunks=4).states).all()
