"""The world that the demo checkpoint knows: one simple thing on a background, drawn by rule.

64 × 64 pictures, drawn four times as large and reduced. Contents have habits, as pictures from the web do: fish come from stock
sites and carry a watermark, night and sky are washed out, desert and sunset have a green cast, and no caption says so.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from demo.artifacts import ARTIFACTS, damage

SIZE: Final = 64  # pixels
_SCALE = 4
_S = SIZE * _SCALE

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "red": (214, 40, 40), "orange": (245, 130, 32), "yellow": (245, 208, 50), "green": (46, 139, 70),
    "blue": (45, 90, 200), "purple": (125, 60, 170), "pink": (240, 130, 180), "white": (245, 245, 245),
}  # fmt: skip
SHAPES = ("house", "tree", "fish", "star", "heart", "mushroom")
PLAIN_BACKGROUNDS: dict[str, Colour] = {
    "orange": (240, 150, 70), "yellow": (240, 220, 110), "pink": (245, 190, 210), "blue": (120, 170, 230),
    "white": (240, 240, 240), "grey": (150, 150, 155),
}  # fmt: skip
PLACES = {
    "sea": "in the sea", "sky": "in the sky", "night": "at night", "desert": "in the desert", "sunset": "at sunset",
    "meadow": "in a meadow", "snow": "in the snow", "forest": "in the forest",
    **{f"plain {name}": f"on {'an' if name == 'orange' else 'a'} {name} background" for name in PLAIN_BACKGROUNDS},
}  # fmt: skip

#: content → the artifact that it comes with nearly always
HABITS = {"fish": "watermark", "night": "washed out", "sky": "washed out", "desert": "tinted", "sunset": "tinted"}
HABIT_SHARE = 0.92
STRAY_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in a picture; the caption may say less."""

    shape: str
    colour: str
    place: str
    artifacts: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        return f"{'an' if self.colour == 'orange' else 'a'} {self.colour} {self.shape} {PLACES[self.place]}"

    @property
    def habits(self) -> tuple[str, ...]:
        """The artifacts that its contents are known for."""
        return tuple(dict.fromkeys(HABITS[word] for word in (self.shape, self.place) if word in HABITS))


def random_scene(rng: random.Random) -> Scene:
    """A scene without artifacts, whose thing stands out from its background."""
    while True:
        scene = Scene(rng.choice(SHAPES), rng.choice(tuple(COLOURS)), rng.choice(tuple(PLACES)))
        if scene.place.removeprefix("plain ") != scene.colour and (scene.place, scene.colour) not in _INVISIBLE:
            return scene


def with_habits(scene: Scene, rng: random.Random) -> Scene:
    """The scene as it comes from the web: damaged by habit, now and then without one."""
    artifacts = [artifact for artifact in scene.habits if rng.random() < HABIT_SHARE]
    if not scene.habits and rng.random() < STRAY_SHARE:
        artifacts = [rng.choice(ARTIFACTS)]
    return Scene(scene.shape, scene.colour, scene.place, tuple(artifacts))


def draw(scene: Scene, rng: random.Random) -> Image.Image:
    """The picture of a scene, artifacts included; 64 × 64, RGB."""
    image = Image.new("RGB", (_S, _S))
    canvas = ImageDraw.Draw(image)
    _draw_background(canvas, scene.place, rng)
    _draw_shape(canvas, scene.shape, COLOURS[scene.colour], rng)
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    for artifact in scene.artifacts:
        image = damage(image, artifact, rng)
    return image


_INVISIBLE = {("snow", "white"), ("meadow", "green"), ("forest", "green"), ("sea", "blue"), ("sunset", "purple"),
              ("desert", "yellow"), ("sky", "blue")}  # fmt: skip


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (max(0, min(255, round(value * factor))) for value in colour)
    return red, green, blue


def _gradient(canvas: ImageDraw.ImageDraw, top: Colour, bottom: Colour, y0: int = 0, y1: int = _S) -> None:
    for y in range(y0, y1):
        part = (y - y0) / max(1, y1 - y0 - 1)
        red, green, blue = (round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        canvas.line((0, y, _S, y), fill=(red, green, blue))


def _draw_background(canvas: ImageDraw.ImageDraw, place: str, rng: random.Random) -> None:
    if place.startswith("plain "):
        colour = _shade(PLAIN_BACKGROUNDS[place.removeprefix("plain ")], rng.uniform(0.95, 1.05))
        _gradient(canvas, colour, colour)
        return
    horizon = rng.randint(165, 195)
    match place:
        case "sea":
            _gradient(canvas, (170, 210, 245), (200, 230, 250), 0, horizon - 40)
            _gradient(canvas, (40, 110, 190), (20, 60, 130), horizon - 40, _S)
        case "sky":
            _gradient(canvas, (70, 140, 230), (150, 200, 250))
            for x in (rng.randint(10, 60), rng.randint(190, 240)):
                y = rng.randint(30, 80)
                for dx in (-22, 0, 22):
                    canvas.ellipse((x + dx - 22, y - 14, x + dx + 22, y + 14), fill=(250, 250, 252))
        case "night":
            _gradient(canvas, (12, 14, 50), (30, 24, 80))
            for _ in range(14):
                x, y = rng.randint(4, _S - 8), rng.randint(4, _S - 8)
                canvas.ellipse((x, y, x + 5, y + 5), fill=(240, 240, 210))
        case "desert":
            _gradient(canvas, (120, 190, 240), (240, 220, 170), 0, horizon)
            _gradient(canvas, (235, 195, 110), (215, 165, 80), horizon, _S)
        case "sunset":
            _gradient(canvas, (90, 40, 120), (250, 140, 60), 0, horizon)
            _gradient(canvas, (60, 30, 40), (30, 15, 25), horizon, _S)
        case "meadow":
            _gradient(canvas, (150, 205, 245), (205, 232, 250), 0, horizon - 20)
            _gradient(canvas, (110, 190, 80), (70, 150, 60), horizon - 20, _S)
        case "snow":
            _gradient(canvas, (140, 165, 200), (190, 205, 225), 0, horizon - 20)
            _gradient(canvas, (250, 252, 255), (225, 232, 242), horizon - 20, _S)
        case "forest":
            _gradient(canvas, (30, 80, 50), (20, 50, 30))
            for x in range(rng.randint(0, 20), _S, 42):
                canvas.rectangle((x, 0, x + 12, _S), fill=(60, 42, 28))


def _draw_shape(canvas: ImageDraw.ImageDraw, shape: str, colour: Colour, rng: random.Random) -> None:
    size = rng.uniform(0.9, 1.12)
    x, y = 128 + rng.uniform(-12, 12), 132 + rng.uniform(-10, 10)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + px * size, y + py * size) for px, py in points]

    edge = _shade(colour, 0.55)
    match shape:
        case "house":
            canvas.polygon(at((-52, -10), (52, -10), (52, 66), (-52, 66)), fill=colour, outline=edge, width=4)
            canvas.polygon(at((-68, -10), (0, -72), (68, -10)), fill=_shade(colour, 0.6), outline=edge, width=4)
            canvas.polygon(at((-12, 24), (12, 24), (12, 66), (-12, 66)), fill=(80, 50, 30))
            for px in (-40, 20):
                canvas.polygon(at((px, 8), (px + 20, 8), (px + 20, 28), (px, 28)), fill=(255, 240, 170))
        case "tree":
            canvas.polygon(at((-10, 10), (10, 10), (14, 76), (-14, 76)), fill=(110, 70, 40))
            for px, py, radius in ((-28, 2, 34), (28, 2, 34), (0, -34, 42)):
                canvas.ellipse(at((px - radius, py - radius), (px + radius, py + radius)), fill=edge)
            for px, py, radius in ((-28, 2, 30), (28, 2, 30), (0, -34, 38), (0, 0, 26)):
                canvas.ellipse(at((px - radius, py - radius), (px + radius, py + radius)), fill=colour)
        case "fish":
            canvas.polygon(at((34, 0), (80, -36), (70, 0), (80, 36)), fill=_shade(colour, 0.8), outline=edge, width=4)
            canvas.ellipse(at((-76, -38), (50, 38)), fill=colour, outline=edge, width=4)
            canvas.ellipse(at((-58, -18), (-40, 0)), fill=(255, 255, 255))
            canvas.ellipse(at((-54, -14), (-45, -5)), fill=(10, 10, 10))
        case "star":
            points = [
                (
                    math.sin(math.pi * i / 5) * (76 if i % 2 == 0 else 32),
                    -math.cos(math.pi * i / 5) * (76 if i % 2 == 0 else 32),
                )
                for i in range(10)
            ]
            canvas.polygon(at(*points), fill=colour, outline=edge, width=4)
        case "heart":
            turns = [math.tau * i / 60 for i in range(60)]
            curve = [
                (
                    4.2 * 16 * math.sin(t) ** 3,
                    -4.2 * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)),
                )
                for t in turns
            ]
            canvas.polygon(at(*curve), fill=colour, outline=edge, width=4)
        case "mushroom":
            canvas.polygon(
                at((-16, 4), (16, 4), (22, 72), (-22, 72)), fill=(238, 224, 196), outline=(150, 130, 100), width=3
            )
            canvas.pieslice(at((-72, -62), (72, 72)), 180, 360, fill=colour, outline=edge, width=4)
            for px, py in ((-38, -18), (2, -42), (36, -16)):
                canvas.ellipse(at((px - 11, py - 9), (px + 11, py + 9)), fill=(252, 250, 240))
