"""What the bot adds to the time of a picture: /imagine through the playground, against a bare call of diffusers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from benchmarks.ratio import Ratio
from bot.local.launch import local_bot

REPOSITORY = Path(__file__).parents[1]
PICTURES, STEPS, CFG = 20, 20, 4.0
PROMPT, NEGATIVE = "a yellow house in the snow", "blurry, low quality"


def measure() -> list[Ratio]:
    """Twenty single requests, one after the other, both ways."""
    usual = _bare()
    ours = asyncio.run(_through_the_bot())
    return [Ratio("overhead", ours / usual, 1.05, "at most", f"{PICTURES} /imagine ÷ bare diffusers calls")]


def _bare() -> float:
    pipe = StableDiffusionPipeline.from_pretrained(REPOSITORY / "demo" / "checkpoint", torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)

    def draw(seed: int) -> None:
        pipe(
            PROMPT,
            negative_prompt=NEGATIVE,
            guidance_scale=CFG,
            num_inference_steps=STEPS,
            generator=torch.Generator().manual_seed(seed),
        )

    draw(0)
    started = time.perf_counter()
    for seed in range(PICTURES):
        draw(seed)
    return time.perf_counter() - started


async def _through_the_bot() -> float:
    async with local_bot() as bot:
        ana = bot.discord.person("ana")

        async def draw(seed: int) -> None:
            reply = await ana.slash("imagine", prompt=PROMPT, negative=NEGATIVE, cfg=CFG, steps=STEPS, seed=seed)
            await reply.until(lambda message: bool(message.attachments), 120)

        await draw(0)
        started = time.perf_counter()
        for seed in range(PICTURES):
            await draw(seed)
        return time.perf_counter() - started
