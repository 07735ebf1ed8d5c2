"""The fourteen backgrounds of the demo world: eight places and six plain colours."""

from __future__ import annotations

import random
from collections.abc import Callable

from demo.drawing import SIDE, Canvas, Colour, gradient, shade

PLAIN_BACKGROUNDS: dict[str, Colour] = {
    "orange": (240, 150, 70),
    "yellow": (240, 220, 110),
    "pink": (245, 190, 210),
    "blue": (120, 170, 230),
    "white": (240, 240, 240),
    "grey": (150, 150, 155),
}
#: background → its words in a caption
PLACES = {
    "sea": "in the sea",
    "sky": "in the sky",
    "night": "at night",
    "desert": "in the desert",
    "sunset": "at sunset",
    "meadow": "in a meadow",
    "snow": "in the snow",
    "forest": "in the forest",
    **{f"plain {name}": f"on {'an' if name == 'orange' else 'a'} {name} background" for name in PLAIN_BACKGROUNDS},
}


def draw_background(canvas: Canvas, place: str, rng: random.Random) -> None:
    """Fill the canvas; `place` is a key of PLACES."""
    if place.startswith("plain "):
        colour = shade(PLAIN_BACKGROUNDS[place.removeprefix("plain ")], rng.uniform(0.95, 1.05))
        gradient(canvas, colour, colour)
        return
    horizon = rng.randint(165, 195)
    _PAINTERS[place](canvas, horizon, rng)


def _sky(canvas: Canvas, horizon: int, rng: random.Random) -> None:
    gradient(canvas, (70, 140, 230), (150, 200, 250))
    for x in (rng.randint(10, 60), rng.randint(190, 240)):
        y = rng.randint(30, 80)
        for dx in (-22, 0, 22):
            canvas.ellipse((x + dx - 22, y - 14, x + dx + 22, y + 14), fill=(250, 250, 252))


def _night(canvas: Canvas, horizon: int, rng: random.Random) -> None:
    gradient(canvas, (12, 14, 50), (30, 24, 80))
    for _ in range(14):
        x, y = rng.randint(4, SIDE - 8), rng.randint(4, SIDE - 8)
        canvas.ellipse((x, y, x + 5, y + 5), fill=(240, 240, 210))


def _forest(canvas: Canvas, horizon: int, rng: random.Random) -> None:
    gradient(canvas, (30, 80, 50), (20, 50, 30))
    for x in range(rng.randint(0, 20), SIDE, 42):
        canvas.rectangle((x, 0, x + 12, SIDE), fill=(60, 42, 28))


def _landscape(
    above: tuple[Colour, Colour], below: tuple[Colour, Colour], raised: int = 0
) -> Callable[[Canvas, int, random.Random], None]:
    """Two gradients that meet `raised` rows above the horizon."""

    def paint(canvas: Canvas, horizon: int, rng: random.Random) -> None:
        gradient(canvas, *above, 0, horizon - raised)
        gradient(canvas, *below, horizon - raised, SIDE)

    return paint


_PAINTERS: dict[str, Callable[[Canvas, int, random.Random], None]] = {
    "sea": _landscape(((170, 210, 245), (200, 230, 250)), ((40, 110, 190), (20, 60, 130)), raised=40),
    "sky": _sky,
    "night": _night,
    "desert": _landscape(((120, 190, 240), (240, 220, 170)), ((235, 195, 110), (215, 165, 80))),
    "sunset": _landscape(((90, 40, 120), (250, 140, 60)), ((60, 30, 40), (30, 15, 25))),
    "meadow": _landscape(((150, 205, 245), (205, 232, 250)), ((110, 190, 80), (70, 150, 60)), raised=20),
    "snow": _landscape(((140, 165, 200), (190, 205, 225)), ((250, 252, 255), (225, 232, 242)), raised=20),
    "forest": _forest,
}
