"""No request changes a checkpoint: tokenizers, weights and buffers stay exactly as they were loaded."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioner
from services.engine.loader import LoadedCheckpoint
from services.engine.renderer import render
from services.parameters import GenerationParameters
from services.samplers import SAMPLERS
from tests.builders import a_plan
from tests.services.engine.stock import assert_same, load_into, stock_pipeline
from tests.services.engine.tiny import SIDE, placed

WORDS = [
    "a red fish",
    "(blurry:1.3)",
    "[sea]",
    "low quality,",
    "EasyNegative",
    "snow " * 20,
    "BREAK",
    "",
    "<|endoftext|>",
]

ByName = Callable[[str], Any]


def state_of(pipe: Any) -> dict[str, str]:
    """A hash of every part: tokenizers with their added tokens, and all tensors' names, types, shapes and bytes."""
    state: dict[str, str] = {}
    for name, part in pipe.components.items():
        digest = hashlib.sha256()
        if isinstance(part, torch.nn.Module):
            for key, tensor in sorted([*part.named_parameters(), *part.named_buffers()], key=lambda pair: pair[0]):
                digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)} {tensor.requires_grad}\n".encode())
                digest.update(tensor.detach().numpy().tobytes())
        elif hasattr(part, "backend_tokenizer"):
            digest.update(json.dumps(part.get_vocab(), sort_keys=True).encode())
            digest.update(repr(sorted(part.added_tokens_decoder.items())).encode())
            digest.update(repr(part.special_tokens_map).encode())
            digest.update(part.backend_tokenizer.to_str().encode())
        elif hasattr(part, "config"):
            digest.update(repr(sorted(part.config.items())).encode())
        state[name] = digest.hexdigest()
    return state


def a_random_plan(kind: Architecture, numbers: random.Random) -> GenerationParameters:
    """A plan with 0 to 3 embeddings of 1 to 75 vectors and a random strength, clip skip and prompt length."""
    embeddings = tuple(
        placed(
            kind,
            numbers.choice([1, 2, 8, 16, 75]),
            seed=numbers.randrange(50),
            strength=numbers.choice([0, 0.5, 1, 1.7, 2]),
        )
        for _ in range(numbers.randrange(4))
    )
    prompt, negative = (" ".join(numbers.choices(WORDS, k=numbers.randrange(5))) for _ in range(2))
    side = 48 if kind is Architecture.DEMO else SIDE
    return a_plan(
        prompt=prompt,
        negative=negative,
        embeddings=embeddings,
        cfg=numbers.choice([1.0, 4.0, 9.0]),
        seed=numbers.randrange(99),
        steps=1,
        width=side,
        height=side,
        sampler=numbers.choice(list(SAMPLERS)),
        clip_skip=numbers.choice([1, 1, 2]),
    )


def execute(loaded: LoadedCheckpoint, plan: GenerationParameters, *, rendering: bool) -> None:
    conditioner = loaded.conditioner
    lengths = [
        conditioner.encode(text, embeddings, clip_skip=plan.clip_skip).states.shape[1] // 77
        for text, embeddings in ((plan.prompt, ()), (plan.negative, plan.embeddings))
    ]
    if rendering:
        render(loaded, [replace(plan, chunks=max(lengths))], lambda *_: None)


def assert_unchanged_by(loaded: LoadedCheckpoint, requests: int) -> None:
    kind = loaded.checkpoint.architecture
    fresh = replace(loaded, conditioner=Conditioner(kind, loaded.pipe))
    before, plain = state_of(loaded.pipe), fresh.conditioner.encode("a red fish")
    hooks = len(loaded.pipe.text_encoder.get_input_embeddings()._forward_hooks)
    numbers = random.Random(requests)
    for number in range(requests):
        execute(fresh, a_random_plan(kind, numbers), rendering=number % 20 == 0)
    assert state_of(loaded.pipe) == before
    assert len(loaded.pipe.text_encoder.get_input_embeddings()._forward_hooks) == hooks
    assert_same(Conditioner(kind, loaded.pipe).encode("a red fish"), plain)


@pytest.mark.parametrize(("checkpoint", "requests"), [("demo", 60), ("sd1", 30), ("sdxl", 10)])
def test_a_hundred_requests_change_no_weights_and_no_vocabulary(
    by_name: ByName, checkpoint: str, requests: int
) -> None:
    assert_unchanged_by(by_name(checkpoint), requests)


@pytest.mark.slow
@pytest.mark.parametrize(("checkpoint", "requests"), [("demo", 700), ("sd1", 200), ("sdxl", 100)])
def test_a_thousand_requests_change_no_weights_and_no_vocabulary(
    by_name: ByName, checkpoint: str, requests: int
) -> None:
    assert_unchanged_by(by_name(checkpoint), requests)


def test_the_comparison_detects_what_diffusers_loader_changes(sd1_folder: Path) -> None:
    stock = stock_pipeline(sd1_folder)
    before = state_of(stock)
    load_into(stock, placed(Architecture.SD1, 8))
    after = state_of(stock)
    assert {name for name in before if after[name] != before[name]} == {"tokenizer", "text_encoder"}


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_the_comparison_detects_a_single_changed_bit(sd1_folder: Path, part: str) -> None:
    stock = stock_pipeline(sd1_folder)
    before = state_of(stock)
    tensor = list(getattr(stock, part).parameters())[-1].data.view(-1)
    tensor[-1] = torch.nextafter(tensor[-1], torch.tensor(9.0))
    after = state_of(stock)
    assert {name for name in before if after[name] != before[name]} == {part}
