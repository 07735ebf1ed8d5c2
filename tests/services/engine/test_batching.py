"""A seed renders the same alone, in a batch of nine, and from the cache; compared as latents, before the VAE rounds them.

On the CPU, batches are invariant: not a bit depends on a picture's neighbours. Without that, as on a GPU, another batch size
means other kernels that add in another order, which shifts the UNet's output by a few units in the last place, and guidance
multiplies that by its scale. In double precision even that difference is gone: no picture is affected by another's prompt,
embeddings, scale or noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.conditioning import Conditioner
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from services.engine.schedulers import scheduler_for
from services.parameters import GenerationParameters
from tests.builders import DEMO_CHECKPOINT, a_checkpoint, a_plan
from tests.services.engine.conftest import CPU
from tests.services.engine.recording import latents_of, recording
from tests.services.engine.stock import difference
from tests.services.engine.tiny import SIDE, placed

#: far below any influence that another picture could have
LEAK = 1e-11
EPS = torch.finfo(torch.float32).eps

ByName = Callable[[str], Any]
CHECKPOINTS = pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])

#: prompt, negative prompt, CFG
REQUESTS: list[tuple[str, str, float]] = [
    ("a red fish in the sea", "blurry", 4.0),
    ("a (blue:1.3) star at night", "low quality, ugly", 9.0),
    ("a heart", "", 1.0),
    ("", "dull", 0.0),
    ("a tree on a hill", "(blurry:0.8)", 7.5),
    ("an orange (star)", "low quality", 12.0),
    ("[two] fish", "", 5.0),
    ("a pink background", "blurry", 3.0),
    ("snow", "[[ugly]]", 0.5),
]


def unrelated_plans(loaded: LoadedCheckpoint, **shared: Any) -> list[GenerationParameters]:
    """Nine plans that have nothing in common but their batch key, with zero to three embeddings of different strengths."""
    kind = loaded.checkpoint.architecture
    side = 48 if kind is Architecture.DEMO else SIDE
    plans: list[GenerationParameters] = []
    for number, (prompt, negative, cfg) in enumerate(REQUESTS):
        embeddings = tuple(
            placed(kind, 1 + (number * 3 + i) % 8, seed=number * 3 + i, strength=(1.0, 0.7, 1.2)[i])
            for i in range((number + 1) % 4)
        )
        plans.append(
            a_plan(
                prompt=prompt,
                negative=negative,
                embeddings=embeddings,
                cfg=cfg,
                seed=7 + 13 * number,
                width=side,
                height=side,
                **{"steps": 4, **shared},
            )
        )
    assert len({plan.batch_key for plan in plans}) == 1
    return plans


def with_empty_cache(loaded: LoadedCheckpoint) -> LoadedCheckpoint:
    """The same weights with an empty conditioning cache."""
    return replace(loaded, conditioner=Conditioner(loaded.checkpoint.architecture, loaded.pipe))


@contextmanager
def not_batch_invariant(pipe: Any) -> Iterator[None]:
    """Replaces `batch_invariant` and leaves batches alone, as on a GPU."""
    yield


def rounding_error(loaded: LoadedCheckpoint, plan: GenerationParameters, largest: float) -> float:
    """The largest difference that rounding explains: 20 ulps of `largest` times guidance, plus 4 of the initial noise."""
    scheduler = scheduler_for(plan.sampler, loaded.pipe.scheduler.config)
    scheduler.set_timesteps(plan.steps)
    return 20 * EPS * largest * max(1.0, plan.cfg) + 4 * EPS * float(scheduler.init_noise_sigma)


@pytest.mark.parametrize(
    ("checkpoint", "sampler"), [("demo", "dpmpp_2m"), ("demo", "euler_a"), ("sd1", "euler_a"), ("sdxl", "dpmpp_2m")]
)
def test_in_a_batch_latents_are_bit_identical_to_rendering_alone(
    by_name: ByName, checkpoint: str, sampler: str
) -> None:
    loaded = with_empty_cache(recording(by_name(checkpoint)))
    plans = unrelated_plans(loaded, sampler=sampler)
    together = latents_of(loaded, plans)
    each = [latents_of(loaded, [plan])[0] for plan in plans]
    assert max(difference(*pair) for pair in zip(each, together, strict=True)) == 0
    assert all(difference(each[0], other) > 0.1 for other in each[1:])  # the pictures really differ


@pytest.mark.parametrize("checkpoint", ["demo", "sd1"])
def test_the_position_in_the_batch_makes_no_difference(by_name: ByName, checkpoint: str) -> None:
    loaded = recording(by_name(checkpoint))
    first, *others = unrelated_plans(loaded, sampler="ddim", steps=3)
    (expected,) = latents_of(loaded, [first])
    for position in (0, 8):
        latents = latents_of(loaded, [*others[:position], first, *others[position:]])
        assert difference(latents[position], expected) == 0


@pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])
def test_without_batch_invariance_latents_differ_only_by_rounding(
    by_name: ByName, monkeypatch: pytest.MonkeyPatch, checkpoint: str
) -> None:
    monkeypatch.setattr("services.engine.renderer.batch_invariant", not_batch_invariant)
    loaded = with_empty_cache(recording(by_name(checkpoint)))
    plans = unrelated_plans(loaded)
    together = latents_of(loaded, plans)
    each = [latents_of(loaded, [plan])[0] for plan in plans]
    largest = max(float(latents.abs().max()) for latents in each)
    for plan, alone, batched in zip(plans, each, together, strict=True):
        assert difference(alone, batched) <= rounding_error(loaded, plan, largest)


@pytest.fixture(scope="module")
def double(sd1_folder: Path, sdxl_folder: Path) -> Callable[[str], LoadedCheckpoint]:
    """Load a checkpoint in double precision, separate from those that other tests share."""

    def load(name: str) -> LoadedCheckpoint:
        folder = {"demo": DEMO_CHECKPOINT, "sd1": sd1_folder, "sdxl": sdxl_folder}[name]
        loaded = load_checkpoint(a_checkpoint(name, Architecture(name)), Installation.in_folder(folder), CPU)
        loaded.pipe.to(torch.float64)
        return recording(loaded)

    return load


@CHECKPOINTS
def test_in_double_precision_a_batch_makes_no_difference_at_all(
    double: Callable[[str], LoadedCheckpoint], monkeypatch: pytest.MonkeyPatch, checkpoint: str
) -> None:
    monkeypatch.setattr("services.engine.renderer.batch_invariant", not_batch_invariant)
    loaded = double(checkpoint)
    plans = unrelated_plans(loaded, sampler="unipc", steps=3)[:5]
    together = latents_of(loaded, plans)
    assert together.dtype is torch.float64
    alone = [latents_of(loaded, [plan])[0] for plan in plans]
    assert max(difference(*pair) for pair in zip(alone, together, strict=True)) <= LEAK


@CHECKPOINTS
def test_latents_from_cached_prompts_are_bit_identical(by_name: ByName, checkpoint: str) -> None:
    loaded = with_empty_cache(recording(by_name(checkpoint)))
    plans = unrelated_plans(loaded, sampler="euler_a", steps=2)[:4]
    calls: list[int] = []
    handle = loaded.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    try:
        first = latents_of(loaded, plans)
        encoded = len(calls)
        assert encoded > 0
        again = latents_of(loaded, plans)
        single = latents_of(loaded, plans[:1])
        assert len(calls) == encoded  # everything was in the cache, from the first batch
    finally:
        handle.remove()
    assert difference(first, again) == 0
    assert difference(single, latents_of(with_empty_cache(loaded), plans[:1])) == 0


@pytest.mark.parametrize("skip", [1, 2])
@pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])
def test_the_pipeline_receives_both_prompts_with_the_plans_clip_skip(
    by_name: ByName, checkpoint: str, skip: int
) -> None:
    loaded = recording(by_name(checkpoint))
    plans = unrelated_plans(loaded, steps=1, clip_skip=skip)[:2]
    latents_of(loaded, plans)
    for number, plan in enumerate(plans):
        for name, expected in (
            ("prompt_embeds", loaded.conditioner.encode(plan.prompt, clip_skip=skip)),
            ("negative_prompt_embeds", loaded.conditioner.encode(plan.negative, plan.embeddings, clip_skip=skip)),
        ):
            given = loaded.pipe.inputs
            assert difference(given[name][number : number + 1], expected.states) == 0
            if expected.pooled is not None:
                pooled = given[name.replace("prompt", "pooled_prompt")]
                assert difference(pooled[number : number + 1], expected.pooled) == 0
