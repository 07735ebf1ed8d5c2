"""Rendering with real pipelines: batches, seeds, out of memory, metadata, and the effect of a negative embedding."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from embeddings.architecture import Architecture
from embeddings.reader import read_file
from services.checkpoints import Installation
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from services.engine.renderer import DoesNotFitInMemory, render
from services.infotext import write_infotext
from services.parameters import GenerationParameters, PlacedEmbedding
from services.samplers import SAMPLERS
from tests.builders import DEMO_EMBEDDINGS, a_checkpoint, a_plan
from tests.services.engine.conftest import CPU
from tests.services.engine.tiny import placed

SIDES = {"demo": 48, "sd1": 16, "sdxl": 16}


def ignore_progress(step: int, steps: int) -> None:
    """An `on_step` that does nothing."""


def pixels(file: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), dtype=np.int64)


def shipped(name: str, strength: float = 1.0) -> PlacedEmbedding:
    file = read_file(DEMO_EMBEDDINGS / f"{name}.safetensors")
    embedding = file.embedding
    return PlacedEmbedding(
        name, strength, embedding.num_vectors, embedding.content_hash, file.file_hash, embedding.vectors
    )


def unrelated_plans(checkpoint: LoadedCheckpoint, **shared: Any) -> list[GenerationParameters]:
    """Plans that have nothing in common but their batch key: prompts, negatives, embeddings, CFG, seeds and counts differ."""
    kind, side = checkpoint.checkpoint.architecture, SIDES[checkpoint.checkpoint.id]
    small, large, weak = placed(kind, 1), placed(kind, 8, seed=1), placed(kind, 3, seed=2, strength=0.7)
    requests: list[tuple[str, str, tuple[PlacedEmbedding, ...], float, int, int]] = [
        ("a red fish in the sea", "blurry", (small,), 4.0, 7, 1),
        ("a (blue:1.3) star at night", "low quality, ugly", (large, weak), 9.0, 99, 2),
        ("a heart", "", (), 1.0, 5, 1),
        ("", "dull", (weak,), 2.0, 1, 1),
    ]
    return [
        a_plan(
            prompt=prompt,
            negative=negative,
            embeddings=embeddings,
            cfg=cfg,
            seed=seed,
            count=count,
            width=side,
            height=side,
            **{"steps": 4, **shared},
        )
        for prompt, negative, embeddings, cfg, seed, count in requests
    ]


def assert_same_pixels(ones: Sequence[bytes], others: Sequence[bytes]) -> None:
    """Bit-identical, which holds on the CPU."""
    for one, other in zip(ones, others, strict=True):
        assert np.array_equal(pixels(one), pixels(other))


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
@pytest.mark.parametrize("sampler", ["dpmpp_2m", "euler_a"])
def test_a_plans_pictures_are_the_same_alone_and_in_a_batch(
    by_name: Callable[[str], LoadedCheckpoint], checkpoint: str, sampler: str
) -> None:
    loaded = by_name(checkpoint)
    plans = unrelated_plans(loaded, sampler=sampler)
    assert len({plan.batch_key for plan in plans}) == 1
    together = render(loaded, plans, ignore_progress)
    for plan, files in zip(plans, together, strict=True):
        assert len(files) == plan.count
        assert_same_pixels(render(loaded, [plan], ignore_progress)[0], files)
    first, *others = (pixels(file) for files in together for file in files)
    assert all(np.abs(first - other).mean() > 0.2 for other in others)  # they aren't all the same picture


def test_the_order_of_plans_in_a_batch_makes_no_difference(demo: LoadedCheckpoint) -> None:
    plans = unrelated_plans(demo)
    forward, backward = render(demo, plans, ignore_progress), render(demo, plans[::-1], ignore_progress)
    for files, same in zip(forward, backward[::-1], strict=True):
        assert_same_pixels(files, same)


def test_each_picture_equals_a_single_render_with_its_seed(demo: LoadedCheckpoint) -> None:
    plan = a_plan(seed=40, count=3)
    (files,) = render(demo, [plan], ignore_progress)
    for index, file in enumerate(files):
        assert_same_pixels(render(demo, [replace(plan, seed=plan.seed_of(index), count=1)], ignore_progress)[0], [file])
    assert np.abs(pixels(files[0]) - pixels(files[1])).mean() > 1


def test_rendering_a_plan_again_gives_identical_files(demo: LoadedCheckpoint) -> None:
    plan = a_plan(embeddings=(shipped("demo-artifacts"),), sampler="euler_a")
    assert render(demo, [plan], ignore_progress) == render(demo, [plan], ignore_progress)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_renders_and_reports_its_steps(demo: LoadedCheckpoint, sampler: str) -> None:
    steps: list[tuple[int, int]] = []
    ((file,),) = render(demo, [a_plan(sampler=sampler, steps=6)], lambda *step: steps.append(step))
    assert steps == [(step, 6) for step in range(1, 7)]
    assert pixels(file).std() > 5


def test_samplers_do_not_change_the_checkpoint(demo: LoadedCheckpoint) -> None:
    before, own = render(demo, [a_plan()], ignore_progress), demo.pipe.scheduler
    for sampler in SAMPLERS:
        render(demo, [a_plan(sampler=sampler)], ignore_progress)
    assert demo.pipe.scheduler is own
    assert render(demo, [a_plan()], ignore_progress) == before


def test_no_plans_give_no_pictures(demo: LoadedCheckpoint) -> None:
    assert render(demo, [], ignore_progress) == []


def test_pictures_are_enlarged_by_the_checkpoints_factor(demo: LoadedCheckpoint) -> None:
    enlarging = replace(demo, checkpoint=demo.checkpoint.model_copy(update={"enlarge": 3}))
    plan = a_plan(width=64, height=48)
    ((plain,),), ((large,),) = render(demo, [plan], ignore_progress), render(enlarging, [plan], ignore_progress)
    assert pixels(plain).shape == (48, 64, 3)
    assert pixels(large).shape == (144, 192, 3)


def test_every_picture_has_its_infotext(demo: LoadedCheckpoint) -> None:
    plan = a_plan(prompt='a fish, größer: "x"', embeddings=(shipped("demo-tinted", 0.8),), seed=10, count=2)
    (files,) = render(demo, [plan], ignore_progress)
    for index, file in enumerate(files):
        image: Any = Image.open(io.BytesIO(file))
        written = write_infotext(plan, index, model="Demo", model_hash=demo.model_hash)
        assert image.text == {"parameters": written}
        assert f"Seed: {10 + index}," in written


def night_contrast(demo: LoadedCheckpoint, *embeddings: PlacedEmbedding, cfg: float = 4.0) -> float:
    plan = a_plan(
        prompt="a red star at night",
        embeddings=embeddings,
        cfg=cfg,
        steps=12,
        sampler="dpmpp_2m",
        count=4,
        width=64,
        height=64,
    )
    (files,) = render(demo, [plan], ignore_progress)
    return float(np.mean([pixels(file).std() for file in files]))


def test_a_negative_embedding_removes_the_flaw_it_was_trained_on(demo: LoadedCheckpoint) -> None:
    # the demo's night pictures come out pale, though no caption in its training data mentions that
    pale, improved = night_contrast(demo), night_contrast(demo, shipped("demo-washed-out"))
    assert improved > 1.5 * pale
    # at CFG 1 the negative prompt has no effect
    assert night_contrast(demo, shipped("demo-washed-out"), cfg=1.0) == night_contrast(demo, cfg=1.0)


class LimitedMemory:
    """A mixin, to be listed before a real pipeline, that simulates a device with room for `capacity` pictures."""

    capacity: int
    attempts: list[int]

    def __call__(self, **inputs: Any) -> Any:
        batch = len(inputs["prompt_embeds"])
        self.attempts.append(batch)
        if batch > self.capacity:
            raise torch.OutOfMemoryError(f"no memory for {batch} pictures")
        return super().__call__(**inputs)  # type: ignore[misc]  # the pipeline's


@pytest.fixture
def limited(demo: LoadedCheckpoint) -> Callable[[int], LoadedCheckpoint]:
    def with_capacity(pictures: int) -> LoadedCheckpoint:
        kind: Any = type("LimitedMemoryPipeline", (LimitedMemory, type(demo.pipe)), {})
        pipe = kind(**demo.pipe.components, requires_safety_checker=False)
        pipe.set_progress_bar_config(disable=True)
        pipe.capacity, pipe.attempts = pictures, []
        return replace(demo, pipe=pipe)

    return with_capacity


@pytest.mark.parametrize(
    ("capacity", "attempts"), [(5, [5]), (4, [5, 2, 3]), (2, [5, 2, 3, 1, 2]), (1, [5, 2, 1, 1, 3, 1, 2, 1, 1])]
)
def test_out_of_memory_halves_the_batch_until_it_fits(
    demo: LoadedCheckpoint, limited: Callable[[int], LoadedCheckpoint], capacity: int, attempts: list[int]
) -> None:
    loaded, plans = limited(capacity), unrelated_plans(demo)
    for files, expected in zip(
        render(loaded, plans, ignore_progress), render(demo, plans, ignore_progress), strict=True
    ):
        assert_same_pixels(files, expected)
    assert loaded.pipe.attempts == attempts


@pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated")
def test_memory_that_runs_out_while_sdxl_decodes_leaves_its_vae_as_it_was(
    sdxl_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_checkpoint(a_checkpoint("sdxl", Architecture.SDXL), Installation.in_folder(sdxl_folder), CPU)
    loaded.pipe.to(torch.float16)  # as on a GPU; the pipeline turns the VAE to float32 and back around decoding
    plans = [replace(a_plan(width=16, height=16, embeddings=()), seed=seed) for seed in (1, 2)]
    expected = [render(loaded, [plan], ignore_progress)[0] for plan in plans]
    decode, attempts = loaded.pipe.vae.decode, list[int]()

    def run_out_once(latents: torch.Tensor, **options: Any) -> Any:
        attempts.append(len(latents))
        if len(attempts) == 1:
            raise torch.OutOfMemoryError
        return decode(latents, **options)

    monkeypatch.setattr(loaded.pipe.vae, "decode", run_out_once)
    assert render(loaded, plans, ignore_progress) == expected
    assert attempts == [2, 1, 1]


def test_a_single_picture_that_does_not_fit_raises_and_leaves_the_checkpoint_usable(
    demo: LoadedCheckpoint, limited: Callable[[int], LoadedCheckpoint]
) -> None:
    loaded = limited(0)
    own = loaded.pipe.scheduler
    with pytest.raises(DoesNotFitInMemory, match="no memory for 1 pictures"):
        render(loaded, unrelated_plans(demo), ignore_progress)
    assert loaded.pipe.attempts == [5, 2, 1]
    assert loaded.pipe.scheduler is own
    loaded.pipe.capacity = 1
    assert render(loaded, [a_plan()], ignore_progress) == render(demo, [a_plan()], ignore_progress)


def test_other_errors_are_not_mistaken_for_out_of_memory(demo: LoadedCheckpoint) -> None:
    def stop(step: int, steps: int) -> None:
        raise ConnectionResetError

    own = demo.pipe.scheduler
    with pytest.raises(ConnectionResetError):
        render(demo, [a_plan()], stop)
    assert demo.pipe.scheduler is own
