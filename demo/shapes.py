"""The six shapes of the demo world, each drawn in a colour and its shades."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from demo.drawing import Canvas, Colour, shade

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws relative to a shape's position, size and colour on the canvas."""

    canvas: Canvas
    colour: Colour
    x: float
    y: float
    size: float

    @property
    def edge(self) -> Colour:
        return shade(self.colour, 0.55)

    def at(self, *points: tuple[float, float]) -> Points:
        """Points relative to the shape's centre, in canvas coordinates."""
        return [(self.x + px * self.size, self.y + py * self.size) for px, py in points]

    def polygon(
        self, *points: tuple[float, float], fill: Colour, outline: Colour | None = None, width: int = 1
    ) -> None:
        self.canvas.polygon(self.at(*points), fill=fill, outline=outline, width=width)

    def ellipse(self, corner: tuple[float, float], opposite: tuple[float, float], fill: Colour) -> None:
        self.canvas.ellipse(self.at(corner, opposite), fill=fill)

    def disc(self, px: float, py: float, radius: float, fill: Colour) -> None:
        self.ellipse((px - radius, py - radius), (px + radius, py + radius), fill)


def draw_shape(canvas: Canvas, shape: str, colour: Colour, rng: random.Random) -> None:
    """Draw a shape near the middle; `shape` is one of SHAPES."""
    size = rng.uniform(0.9, 1.12)
    x, y = 128 + rng.uniform(-12, 12), 132 + rng.uniform(-10, 10)
    _PAINTERS[shape](_Pen(canvas, colour, x, y, size))


def _house(pen: _Pen) -> None:
    pen.polygon((-52, -10), (52, -10), (52, 66), (-52, 66), fill=pen.colour, outline=pen.edge, width=4)
    pen.polygon((-68, -10), (0, -72), (68, -10), fill=shade(pen.colour, 0.6), outline=pen.edge, width=4)
    pen.polygon((-12, 24), (12, 24), (12, 66), (-12, 66), fill=(80, 50, 30))
    for px in (-40, 20):
        pen.polygon((px, 8), (px + 20, 8), (px + 20, 28), (px, 28), fill=(255, 240, 170))


def _tree(pen: _Pen) -> None:
    pen.polygon((-10, 10), (10, 10), (14, 76), (-14, 76), fill=(110, 70, 40))
    for px, py, radius in ((-28, 2, 34), (28, 2, 34), (0, -34, 42)):
        pen.disc(px, py, radius, pen.edge)
    for px, py, radius in ((-28, 2, 30), (28, 2, 30), (0, -34, 38), (0, 0, 26)):
        pen.disc(px, py, radius, pen.colour)


def _fish(pen: _Pen) -> None:
    pen.polygon((34, 0), (80, -36), (70, 0), (80, 36), fill=shade(pen.colour, 0.8), outline=pen.edge, width=4)
    pen.canvas.ellipse(pen.at((-76, -38), (50, 38)), fill=pen.colour, outline=pen.edge, width=4)
    pen.ellipse((-58, -18), (-40, 0), (255, 255, 255))
    pen.ellipse((-54, -14), (-45, -5), (10, 10, 10))


def _star(pen: _Pen) -> None:
    radii = (76, 32)  # of the tips and of the notches between them
    turns = [(math.pi * i / 5, radii[i % 2]) for i in range(10)]
    pen.polygon(
        *((math.sin(turn) * radius, -math.cos(turn) * radius) for turn, radius in turns),
        fill=pen.colour,
        outline=pen.edge,
        width=4,
    )


def _heart(pen: _Pen) -> None:
    turns = [math.tau * i / 60 for i in range(60)]
    curve = (
        (
            4.2 * 16 * math.sin(t) ** 3,
            -4.2 * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)),
        )
        for t in turns
    )
    pen.polygon(*curve, fill=pen.colour, outline=pen.edge, width=4)


def _mushroom(pen: _Pen) -> None:
    pen.polygon((-16, 4), (16, 4), (22, 72), (-22, 72), fill=(238, 224, 196), outline=(150, 130, 100), width=3)
    pen.canvas.pieslice(pen.at((-72, -62), (72, 72)), 180, 360, fill=pen.colour, outline=pen.edge, width=4)
    for px, py in ((-38, -18), (2, -42), (36, -16)):
        pen.ellipse((px - 11, py - 9), (px + 11, py + 9), (252, 250, 240))


_PAINTERS: dict[str, Callable[[_Pen], None]] = {
    "house": _house,
    "tree": _tree,
    "fish": _fish,
    "star": _star,
    "heart": _heart,
    "mushroom": _mushroom,
}
SHAPES = tuple(_PAINTERS)
