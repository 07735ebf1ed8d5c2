"""What backgrounds and shapes are drawn with: a large canvas, shades and gradients."""

from __future__ import annotations

from typing import Final

from PIL import ImageDraw

SIZE: Final = 64  # pixels per side of a finished picture
SIDE: Final = 4 * SIZE  # pixels per side of the canvas, which is scaled down to the picture

Colour = tuple[int, int, int]
Canvas = ImageDraw.ImageDraw


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, darker for a factor below 1 and lighter above."""
    red, green, blue = (max(0, min(255, round(value * factor))) for value in colour)
    return red, green, blue


def gradient(canvas: Canvas, top: Colour, bottom: Colour, y0: int = 0, y1: int = SIDE) -> None:
    """Fill the rows from y0 up to y1."""
    for y in range(y0, y1):
        part = (y - y0) / max(1, y1 - y0 - 1)
        red, green, blue = (round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        canvas.line((0, y, SIDE, y), fill=(red, green, blue))
