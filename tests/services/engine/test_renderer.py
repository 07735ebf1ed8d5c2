"""Pictures of real pipelines: alone or in company, by seed, out of memory, and what a negative embedding does to them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from embeddings.reader import read_file
from services.engine.loader import LoadedCheckpoint
from services.engine.renderer import DoesNotFitInMemory, render
from services.infotext import write_infotext
from services.parameters import GenerationParameters, PlacedEmbedding
from services.samplers import SAMPLERS
from tests.builders import DEMO_EMBEDDINGS, a_plan
from tests.services.engine.tiny import placed

SIDES = {"demo": 48, "sd1": 16, "sdxl": 16}


def silent(step: int, steps: int) -> None:
    """Nobody listens."""


def pixels(file: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), dtype=np.int64)


def shipped(name: str, strength: float = 1.0) -> PlacedEmbedding:
    file = read_file(DEMO_EMBEDDINGS / f"{name}.safetensors")
    embedding = file.embedding
    return PlacedEmbedding(
        name, strength, embedding.num_vectors, embedding.content_hash, file.file_hash, embedding.vectors
    )


def strangers(checkpoint: LoadedCheckpoint, **shared: Any) -> list[GenerationParameters]:
    """Plans that share a batch and nothing else: prompts, negatives, embeddings, CFG, seeds and counts differ."""
    kind, side = checkpoint.checkpoint.architecture, SIDES[checkpoint.checkpoint.id]
    small, large, weak = placed(kind, 1), placed(kind, 8, seed=1), placed(kind, 3, seed=2, strength=0.7)
    wishes: list[tuple[str, str, tuple[PlacedEmbedding, ...], float, int, int]] = [
        ("a red fish in the sea", "blurry", (small,), 4.0, 7, 1),
        ("a (blue:1.3) star at night", "low quality, ugly", (large, weak), 9.0, 99, 2),
        ("a heart", "", (), 1.0, 5, 1),
        ("", "dull", (weak,), 2.0, 1, 1),
    ]
    return [
        a_plan(
            prompt=prompt, negative=negative, embeddings=embeddings, cfg=cfg, seed=seed, count=count, width=side, height=side,
            **{"steps": 4, **shared},
        )
        for prompt, negative, embeddings, cfg, seed, count in wishes
    ]  # fmt: skip


def assert_alike(ones: Sequence[bytes], others: Sequence[bytes]) -> None:
    """To the bit; on a processor, that is."""
    for one, other in zip(ones, others, strict=True):
        assert np.array_equal(pixels(one), pixels(other))


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
@pytest.mark.parametrize("sampler", ["dpmpp_2m", "euler_a"])
def test_a_plans_pictures_are_the_same_alone_and_among_strangers(
    by_name: Callable[[str], LoadedCheckpoint], checkpoint: str, sampler: str
) -> None:
    loaded = by_name(checkpoint)
    plans = strangers(loaded, sampler=sampler)
    assert len({plan.batch_key for plan in plans}) == 1
    together = render(loaded, plans, silent)
    for plan, files in zip(plans, together, strict=True):
        assert len(files) == plan.count
        assert_alike(render(loaded, [plan], silent)[0], files)
    first, *others = (pixels(file) for files in together for file in files)
    assert all(np.abs(first - other).mean() > 0.2 for other in others)  # it is not the same picture five times


def test_the_order_of_the_company_does_not_matter(demo: LoadedCheckpoint) -> None:
    plans = strangers(demo)
    forward, backward = render(demo, plans, silent), render(demo, plans[::-1], silent)
    for files, same in zip(forward, backward[::-1], strict=True):
        assert_alike(files, same)


def test_picture_i_of_a_plan_uses_the_seed_plus_i(demo: LoadedCheckpoint) -> None:
    plan = a_plan(seed=40, count=3)
    (files,) = render(demo, [plan], silent)
    for index, file in enumerate(files):
        assert_alike(render(demo, [replace(plan, seed=40 + index, count=1)], silent)[0], [file])
    assert np.abs(pixels(files[0]) - pixels(files[1])).mean() > 1


def test_a_plan_rendered_again_is_the_same_to_the_byte(demo: LoadedCheckpoint) -> None:
    plan = a_plan(embeddings=(shipped("demo-artifacts"),), sampler="euler_a")
    assert render(demo, [plan], silent) == render(demo, [plan], silent)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_draws(demo: LoadedCheckpoint, sampler: str) -> None:
    steps: list[tuple[int, int]] = []
    ((file,),) = render(demo, [a_plan(sampler=sampler, steps=6)], lambda *step: steps.append(step))
    assert steps == [(step, 6) for step in range(1, 7)]
    assert pixels(file).std() > 5


def test_samplers_leave_no_trace_on_the_checkpoint(demo: LoadedCheckpoint) -> None:
    before, own = render(demo, [a_plan()], silent), demo.pipe.scheduler
    for sampler in SAMPLERS:
        render(demo, [a_plan(sampler=sampler)], silent)
    assert demo.pipe.scheduler is own
    assert render(demo, [a_plan()], silent) == before


def test_nothing_asked_for_is_nothing_drawn(demo: LoadedCheckpoint) -> None:
    assert render(demo, [], silent) == []


def test_pictures_have_the_size_of_the_plan_times_the_checkpoints_factor(demo: LoadedCheckpoint) -> None:
    enlarging = replace(demo, checkpoint=demo.checkpoint.model_copy(update={"enlarge": 3}))
    plan = a_plan(width=64, height=48)
    ((plain,),), ((large,),) = render(demo, [plan], silent), render(enlarging, [plan], silent)
    assert pixels(plain).shape == (48, 64, 3)
    assert pixels(large).shape == (144, 192, 3)


def test_every_picture_describes_itself(demo: LoadedCheckpoint) -> None:
    plan = a_plan(prompt='a fish, größer: "x"', embeddings=(shipped("demo-tinted", 0.8),), seed=10, count=2)
    (files,) = render(demo, [plan], silent)
    for index, file in enumerate(files):
        image: Any = Image.open(io.BytesIO(file))
        written = write_infotext(plan, index, model="Demo", model_hash=demo.model_hash)
        assert image.text == {"parameters": written}
        assert f"Seed: {10 + index}," in written


def night_contrast(demo: LoadedCheckpoint, *embeddings: PlacedEmbedding, cfg: float = 4.0) -> float:
    plan = a_plan(
        prompt="a red star at night", embeddings=embeddings, cfg=cfg, steps=12, sampler="dpmpp_2m", count=4, width=64, height=64
    )  # fmt: skip
    (files,) = render(demo, [plan], silent)
    return float(np.mean([pixels(file).std() for file in files]))


def test_a_negative_embedding_cures_what_it_was_trained_on(demo: LoadedCheckpoint) -> None:
    # night pictures of the demo come out pale, without a word of it in any caption
    pale, cured = night_contrast(demo), night_contrast(demo, shipped("demo-washed-out"))
    assert cured > 1.5 * pale
    # at CFG 1 the negative prompt is not used at all
    assert night_contrast(demo, shipped("demo-washed-out"), cfg=1.0) == night_contrast(demo, cfg=1.0)


class Cramped:
    """Mixed in before a real pipeline: a device whose memory holds so many pictures at once."""

    room: int
    tried: list[int]

    def __call__(self, **inputs: Any) -> Any:
        batch = len(inputs["prompt_embeds"])
        self.tried.append(batch)
        if batch > self.room:
            raise torch.OutOfMemoryError(f"no memory for {batch} pictures")
        return super().__call__(**inputs)  # type: ignore[misc]  # of the pipeline that stands behind


@pytest.fixture
def cramped(demo: LoadedCheckpoint) -> Callable[[int], LoadedCheckpoint]:
    def with_room_for(pictures: int) -> LoadedCheckpoint:
        kind: Any = type("CrampedPipeline", (Cramped, type(demo.pipe)), {})
        pipe = kind(**demo.pipe.components, requires_safety_checker=False)
        pipe.set_progress_bar_config(disable=True)
        pipe.room, pipe.tried = pictures, []
        return replace(demo, pipe=pipe)

    return with_room_for


@pytest.mark.parametrize(
    ("room", "tried"), [(5, [5]), (4, [5, 2, 3]), (2, [5, 2, 3, 1, 2]), (1, [5, 2, 1, 1, 3, 1, 2, 1, 1])]
)
def test_out_of_memory_halves_the_batch_until_it_fits(
    demo: LoadedCheckpoint, cramped: Callable[[int], LoadedCheckpoint], room: int, tried: list[int]
) -> None:
    loaded, plans = cramped(room), strangers(demo)
    for files, expected in zip(render(loaded, plans, silent), render(demo, plans, silent), strict=True):
        assert_alike(files, expected)
    assert loaded.pipe.tried == tried


def test_a_single_picture_that_does_not_fit_is_an_error_and_the_checkpoint_stays_usable(
    demo: LoadedCheckpoint, cramped: Callable[[int], LoadedCheckpoint]
) -> None:
    loaded = cramped(0)
    own = loaded.pipe.scheduler
    with pytest.raises(DoesNotFitInMemory, match="no memory for 1 pictures"):
        render(loaded, strangers(demo), silent)
    assert loaded.pipe.tried == [5, 2, 1]
    assert loaded.pipe.scheduler is own
    loaded.pipe.room = 1
    assert render(loaded, [a_plan()], silent) == render(demo, [a_plan()], silent)


def test_other_errors_are_not_taken_for_a_lack_of_memory(demo: LoadedCheckpoint) -> None:
    def stop(step: int, steps: int) -> None:
        raise ConnectionResetError

    own = demo.pipe.scheduler
    with pytest.raises(ConnectionResetError):
        render(demo, [a_plan()], stop)
    assert demo.pipe.scheduler is own
