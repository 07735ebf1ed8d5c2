"""The time that the bot adds to a picture: /imagine in the playground compared with a bare diffusers call."""

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
    """Render the same requests one after another with the bot and with diffusers alone."""
    bare = _with_diffusers()
    bot = asyncio.run(_with_the_bot())
    return [Ratio("overhead", bot / bare, 1.05, "at most", f"time of {PICTURES} /imagine ÷ as many diffusers calls")]


def _with_diffusers() -> float:
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


async def _with_the_bot() -> float:
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
