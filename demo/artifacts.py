"""The three artifacts of the demo world, applied by fixed rules.

Each shifts the mean of the picture: at high noise the best prediction is the mean picture, so only artifacts that shift it
give their word a gradient.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ARTIFACTS = ("washed out", "tinted", "watermark")

_LIGHT_GREY = 205.0
_GREEN = np.array([70.0, 170.0, 80.0])
_STAMPS = ("STOCK", "PREVIEW", "SAMPLE", "COPY")


def damage(image: Image.Image, artifact: str, rng: random.Random) -> Image.Image:
    """The picture with one artifact applied.

    Raises: ValueError for an artifact that isn't in ARTIFACTS.
    """
    pixels = np.asarray(image, dtype=np.float32)
    match artifact:
        case "washed out":
            pixels = _LIGHT_GREY + (pixels - _LIGHT_GREY) * rng.uniform(0.25, 0.38)
        case "tinted":
            pixels = pixels * 0.5 + _GREEN * 0.5
        case "watermark":
            stamp = np.asarray(_stamp(rng.choice(_STAMPS)), dtype=np.float32)[..., None] / 255 * 0.9
            pixels = pixels * (1 - stamp) + 255 * stamp
        case _:
            raise ValueError(f"there is no artifact '{artifact}'")
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


@cache
def _stamp(text: str) -> Image.Image:
    """Three rotated lines of text, as a mask of 64 × 64."""
    large = Image.new("L", (256, 256))
    canvas = ImageDraw.Draw(large)
    font = ImageFont.load_default(size=46)
    for y in (20, 105, 190):
        canvas.text((128, y + 20), f"{text} {text}", fill=255, font=font, anchor="mm", stroke_width=2)
    return large.rotate(20).resize((64, 64), Image.Resampling.LANCZOS)
