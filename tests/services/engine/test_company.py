"""The same seed alone, among eight strangers and from the cache: latents, which no decoder has rounded to 8 bits.

On a processor pictures keep in lockstep, and nothing of the company is left, to the bit. Where batches stay whole, as on a GPU,
a batch of another size is multiplied by other kernels, which add up in another order: that moves the UNet's output by some units
in its last place, and guidance multiplies them by its scale. In double precision even that is gone: no picture sees another's
prompt, embeddings, scale or noise.
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
from tests.services.engine.stock import difference
from tests.services.engine.tiny import SIDE, placed
from tests.services.engine.watching import latents_of, watched

#: what nothing of another picture can hide below
LEAK = 1e-11
EPS = torch.finfo(torch.float32).eps

ByName = Callable[[str], Any]
CHECKPOINTS = pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])

#: prompt, negative prompt, CFG; the first is the one whose company the others are
WISHES: list[tuple[str, str, float]] = [
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


def crowd(loaded: LoadedCheckpoint, **shared: Any) -> list[GenerationParameters]:
    """Nine plans that share a batch and nothing else; they have none to three embeddings, strong and weak."""
    kind = loaded.checkpoint.architecture
    side = 48 if kind is Architecture.DEMO else SIDE
    plans: list[GenerationParameters] = []
    for number, (prompt, negative, cfg) in enumerate(WISHES):
        embeddings = tuple(
            placed(kind, 1 + (number * 3 + i) % 8, seed=number * 3 + i, strength=(1.0, 0.7, 1.2)[i])
            for i in range((number + 1) % 4)
        )
        plans.append(
            a_plan(
                prompt=prompt, negative=negative, embeddings=embeddings, cfg=cfg, seed=7 + 13 * number, width=side, height=side,
                **{"steps": 4, **shared},
            )
        )  # fmt: skip
    assert len({plan.batch_key for plan in plans}) == 1
    return plans


def forgetful(loaded: LoadedCheckpoint) -> LoadedCheckpoint:
    """The same weights, with nothing encoded yet."""
    return replace(loaded, conditioner=Conditioner(loaded.checkpoint.architecture, loaded.pipe))


@contextmanager
def whole(pipe: Any) -> Iterator[None]:
    """Stands for `in_lockstep`, and lets batches be, as on a GPU."""
    yield


def rounding(loaded: LoadedCheckpoint, plan: GenerationParameters, largest: float) -> float:
    """What rounding alone may move, given the largest latent: 20 units in the last place times guidance, 4 of the first noise."""
    scheduler = scheduler_for(plan.sampler, loaded.pipe.scheduler.config)
    scheduler.set_timesteps(plan.steps)
    return 20 * EPS * largest * max(1.0, plan.cfg) + 4 * EPS * float(scheduler.init_noise_sigma)


@pytest.mark.parametrize(
    ("checkpoint", "sampler"), [("demo", "dpmpp_2m"), ("demo", "euler_a"), ("sd1", "euler_a"), ("sdxl", "dpmpp_2m")]
)
def test_latents_among_strangers_are_those_alone_to_the_bit(by_name: ByName, checkpoint: str, sampler: str) -> None:
    loaded = forgetful(watched(by_name(checkpoint)))
    plans = crowd(loaded, sampler=sampler)
    together = latents_of(loaded, plans)
    each = [latents_of(loaded, [plan])[0] for plan in plans]
    assert max(difference(*pair) for pair in zip(each, together, strict=True)) == 0
    assert all(difference(each[0], other) > 0.1 for other in each[1:])  # they are strangers


@pytest.mark.parametrize("checkpoint", ["demo", "sd1"])
def test_the_place_in_the_batch_does_not_matter(by_name: ByName, checkpoint: str) -> None:
    loaded = watched(by_name(checkpoint))
    first, *company = crowd(loaded, sampler="ddim", steps=3)
    (expected,) = latents_of(loaded, [first])
    for place in (0, 8):
        latents = latents_of(loaded, [*company[:place], first, *company[place:]])
        assert difference(latents[place], expected) == 0


@pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])
def test_in_whole_batches_latents_are_those_alone_but_for_rounding(
    by_name: ByName, monkeypatch: pytest.MonkeyPatch, checkpoint: str
) -> None:
    monkeypatch.setattr("services.engine.renderer.in_lockstep", whole)
    loaded = forgetful(watched(by_name(checkpoint)))
    plans = crowd(loaded)
    together = latents_of(loaded, plans)
    each = [latents_of(loaded, [plan])[0] for plan in plans]
    largest = max(float(latents.abs().max()) for latents in each)
    for plan, latents, in_company in zip(plans, each, together, strict=True):
        assert difference(latents, in_company) <= rounding(loaded, plan, largest)


@pytest.fixture(scope="module")
def double(sd1_folder: Path, sdxl_folder: Path) -> Callable[[str], LoadedCheckpoint]:
    """The checkpoints in double precision, apart from those that other tests share."""

    def load(name: str) -> LoadedCheckpoint:
        folder = {"demo": DEMO_CHECKPOINT, "sd1": sd1_folder, "sdxl": sdxl_folder}[name]
        loaded = load_checkpoint(a_checkpoint(name, Architecture(name)), Installation.in_folder(folder), CPU)
        loaded.pipe.to(torch.float64)
        return watched(loaded)

    return load


@CHECKPOINTS
def test_in_whole_batches_of_double_precision_nothing_is_left_of_the_company(
    double: Callable[[str], LoadedCheckpoint], monkeypatch: pytest.MonkeyPatch, checkpoint: str
) -> None:
    monkeypatch.setattr("services.engine.renderer.in_lockstep", whole)
    loaded = double(checkpoint)
    plans = crowd(loaded, sampler="unipc", steps=3)[:5]
    together = latents_of(loaded, plans)
    assert together.dtype is torch.float64
    apart = max(
        difference(latents_of(loaded, [plan])[0], in_company) for plan, in_company in zip(plans, together, strict=True)
    )
    assert apart <= LEAK


@CHECKPOINTS
def test_latents_from_the_cache_are_those_of_a_first_request_to_the_bit(by_name: ByName, checkpoint: str) -> None:
    loaded = forgetful(watched(by_name(checkpoint)))
    plans = crowd(loaded, sampler="euler_a", steps=2)[:4]
    calls: list[int] = []
    handle = loaded.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    try:
        first = latents_of(loaded, plans)
        encoded = len(calls)
        assert encoded > 0
        again = latents_of(loaded, plans)
        single = latents_of(loaded, plans[:1])
        assert len(calls) == encoded  # all of it was in the cache, put there in company
    finally:
        handle.remove()
    assert difference(first, again) == 0
    assert difference(single, latents_of(forgetful(loaded), plans[:1])) == 0


@pytest.mark.parametrize("skip", [1, 2])
@pytest.mark.parametrize("checkpoint", ["demo", "sd1", "sdxl"])
def test_a_render_is_conditioned_on_both_prompts_with_the_plans_clip_skip(
    by_name: ByName, checkpoint: str, skip: int
) -> None:
    loaded = watched(by_name(checkpoint))
    plans = crowd(loaded, steps=1, clip_skip=skip)[:2]
    latents_of(loaded, plans)
    for number, plan in enumerate(plans):
        for name, expected in (
            ("prompt_embeds", loaded.conditioner.encode(plan.prompt, clip_skip=skip)),
            ("negative_prompt_embeds", loaded.conditioner.encode(plan.negative, plan.embeddings, clip_skip=skip)),
        ):
            given = loaded.pipe.inputs
            assert difference(given[name][number : number + 1], expected.states) == 0
            if expected.pooled is not None:
                assert (
                    difference(given[name.replace("prompt", "pooled_prompt")][number : number + 1], expected.pooled)
                    == 0
                )
