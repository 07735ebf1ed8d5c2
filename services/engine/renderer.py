"""Render a batch of plans in one denoising loop, as PNG files with their settings in the metadata."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.engine.batch_invariance import batch_invariant
from services.engine.loader import LoadedCheckpoint
from services.engine.memory import empty_cache, is_out_of_memory
from services.engine.noise import initial_noise
from services.engine.schedulers import scheduler_for
from services.infotext import INFOTEXT_KEY, write_infotext
from services.parameters import GenerationParameters

OnStep = Callable[[int, int], None]


class DoesNotFitInMemory(Exception):
    """The device runs out of memory even on a single picture."""


def render(loaded: LoadedCheckpoint, plans: Sequence[GenerationParameters], on_step: OnStep) -> list[list[bytes]]:
    """Render plans that share a batch key; returns each plan's PNG files.

    When memory runs out, the batch is halved until it fits.

    Raises: DoesNotFitInMemory, with the cache emptied and the checkpoint still usable.
    """
    samples = [(plan, index) for plan in plans for index in range(plan.count)]
    if not samples:  # the request was only to load the checkpoint
        return []
    images = _denoise_in_parts(loaded, samples, on_step)
    files = [_png(loaded, plan, index, image) for (plan, index), image in zip(samples, images, strict=True)]
    pictures = iter(files)
    return [[next(pictures) for _ in range(plan.count)] for plan in plans]


def _denoise_in_parts(
    loaded: LoadedCheckpoint, samples: Sequence[tuple[GenerationParameters, int]], on_step: OnStep
) -> list[Image.Image]:
    try:
        return _denoise(loaded, samples, on_step)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error) or type(error).__name__
    # after the except block, since its traceback keeps the tensors of the failed attempt alive
    empty_cache()
    if len(samples) == 1:
        raise DoesNotFitInMemory(reason)
    half = len(samples) // 2
    return _denoise_in_parts(loaded, samples[:half], on_step) + _denoise_in_parts(loaded, samples[half:], on_step)


@torch.inference_mode()
def _denoise(
    loaded: LoadedCheckpoint, samples: Sequence[tuple[GenerationParameters, int]], on_step: OnStep
) -> list[Image.Image]:
    pipe = loaded.pipe
    _restore_precision(pipe)
    shared = samples[0][0]
    # 1. one scheduler for the batch
    scheduler = scheduler_for(shared.sampler, pipe.scheduler.config)
    # 2. encode every picture's prompts
    conditions = _encode_prompts(loaded, samples)
    # 3. a guidance scale and initial noise for every picture
    pipe.set_scales([plan.cfg for plan, _ in samples], pipe.device, pipe.unet.dtype)
    generators = [torch.Generator("cpu").manual_seed(plan.seed_of(index)) for plan, index in samples]
    factor = pipe.vae_scale_factor
    shape = (pipe.unet.config.in_channels, shared.height // factor, shared.width // factor)
    noise = initial_noise(samples, generators, shape, pipe.unet.dtype)

    def step_done(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(step + 1, shared.steps)
        return tensors

    # 4. denoise and decode
    original, pipe.scheduler = pipe.scheduler, scheduler
    try:
        with batch_invariant(pipe):
            return pipe(
                **conditions,
                width=shared.width,
                height=shared.height,
                num_inference_steps=shared.steps,
                generator=generators,
                latents=noise,
                callback_on_step_end=step_done,
                output_type="pil",
            ).images
    finally:
        pipe.scheduler = original


def _restore_precision(pipe: Any) -> None:
    """Undo what the previous call left behind if it failed in SDXL's VAE, which decodes in float32.

    The pipeline doesn't convert it back after an error, and then float16 latents can't be decoded anymore.
    """
    dtype = pipe.unet.dtype
    if any(parameter.dtype != dtype for parameter in pipe.vae.parameters()):
        pipe.vae.to(dtype=dtype)


def _encode_prompts(
    loaded: LoadedCheckpoint, samples: Sequence[tuple[GenerationParameters, int]]
) -> dict[str, torch.Tensor]:
    def encode(plan: GenerationParameters, negative: bool) -> Any:
        return loaded.conditioner.encode(
            plan.negative if negative else plan.prompt,
            plan.embeddings if negative else (),
            chunks=plan.chunks,
            clip_skip=plan.clip_skip,
        )

    tensors: dict[str, torch.Tensor] = {}
    for prefix, negative in (("", False), ("negative_", True)):
        encoded = [encode(plan, negative) for plan, _ in samples]
        tensors[f"{prefix}prompt_embeds"] = torch.cat([conditioning.states for conditioning in encoded])
        if encoded[0].pooled is not None:
            tensors[f"{prefix}pooled_prompt_embeds"] = torch.cat([conditioning.pooled for conditioning in encoded])
    return tensors


def _png(loaded: LoadedCheckpoint, plan: GenerationParameters, index: int, image: Image.Image) -> bytes:
    factor = loaded.checkpoint.enlarge
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC)
    text = PngInfo()
    infotext = write_infotext(plan, index, model=loaded.checkpoint.title, model_hash=loaded.model_hash)
    text.add_itxt(INFOTEXT_KEY, infotext) if not infotext.isascii() else text.add_text(INFOTEXT_KEY, infotext)
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=text)
    return file.getvalue()
