"""A guidance scale per picture, compared with diffusers rendering one picture at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from services.engine.loader import LoadedCheckpoint

#: diffusers doesn't guide at 1 and below
SCALES = [7.5, 1.0, 0.5, 12.0]
#: for latents around 1; float32 rounds differently with another batch size
TOLERANCE = 1e-4

Stock = Any


@pytest.fixture
def stock_sd1(sd1: LoadedCheckpoint) -> Stock:
    pipe: Any = StableDiffusionPipeline
    return pipe(**sd1.pipe.components, requires_safety_checker=False)


@pytest.fixture
def stock_demo(demo: LoadedCheckpoint) -> Stock:
    pipe: Any = StableDiffusionPipeline
    return pipe(**demo.pipe.components, requires_safety_checker=False)


@pytest.fixture
def stock_sdxl(sdxl: LoadedCheckpoint) -> Stock:
    pipe: Any = StableDiffusionXLPipeline
    return pipe(**sdxl.pipe.components)


def inputs(loaded: LoadedCheckpoint, prompt: str) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = {}
    for prefix, text in (("", prompt), ("negative_", "low quality")):
        encoded = loaded.conditioner.encode(text)
        tensors[f"{prefix}prompt_embeds"] = encoded.states
        if encoded.pooled is not None:
            tensors[f"{prefix}pooled_prompt_embeds"] = encoded.pooled
    return tensors


def latents(pipe: Any, tensors: dict[str, torch.Tensor], seeds: list[int], **more: Any) -> torch.Tensor:
    pipe.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    side = pipe.vae_scale_factor * 8
    with torch.inference_mode():
        return pipe(
            **tensors,
            generator=generators,
            num_inference_steps=4,
            width=side,
            height=side,
            output_type="latent",
            **more,
        ).images


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
def test_each_picture_in_a_batch_is_guided_as_by_diffusers_alone(
    by_name: Callable[[str], Any], checkpoint: str
) -> None:
    loaded, stock = by_name(checkpoint), by_name(f"stock_{checkpoint}")
    each = [inputs(loaded, prompt) for prompt in ("a red fish", "a tree", "a star at night", "a heart")]
    together = {name: torch.cat([tensors[name] for tensors in each]) for name in each[0]}
    loaded.pipe.set_scales(SCALES, loaded.pipe.device, loaded.pipe.unet.dtype)
    ours = latents(loaded.pipe, together, [1, 2, 3, 4])
    for number, scale in enumerate(SCALES):
        alone = latents(stock, each[number], [number + 1], guidance_scale=scale)
        assert float((ours[number : number + 1] - alone).abs().max()) <= TOLERANCE
    # with another picture's scale, the result would be different
    other = latents(stock, each[0], [1], guidance_scale=SCALES[1])
    assert float((ours[:1] - other).abs().max()) > 10 * TOLERANCE


@pytest.mark.parametrize(
    ("scales", "guided"), [([1.0], False), ([0.0, 1.0], False), ([1.0, 1.01], True), ([7.0], True)]
)
def test_the_negative_prompt_is_computed_if_any_picture_needs_it(
    sd1: LoadedCheckpoint, scales: list[float], guided: bool
) -> None:
    sd1.pipe.set_scales(scales, torch.device("cpu"), torch.float32)
    assert sd1.pipe.do_classifier_free_guidance is guided
    assert sd1.pipe.guidance_scale.shape == (len(scales), 1, 1, 1)
