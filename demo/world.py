"""The world that the demo checkpoint knows: one simple thing on a background, drawn by rule.

64 × 64 pictures, drawn four times as large and reduced. Contents have habits, as pictures from the web do: fish come from stock
sites and carry a watermark, night and sky are washed out, desert and sunset have a green cast, and no caption says so.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from demo.artifacts import ARTIFACTS, damage
from demo.backgrounds import PLACES, draw_background
from demo.drawing import SIDE, SIZE, Colour
from demo.shapes import SHAPES, draw_shape

COLOURS: dict[str, Colour] = {
    "red": (214, 40, 40),
    "orange": (245, 130, 32),
    "yellow": (245, 208, 50),
    "green": (46, 139, 70),
    "blue": (45, 90, 200),
    "purple": (125, 60, 170),
    "pink": (240, 130, 180),
    "white": (245, 245, 245),
}
#: colours that hardly stand out from a place
_INVISIBLE = {
    ("snow", "white"),
    ("meadow", "green"),
    ("forest", "green"),
    ("sea", "blue"),
    ("sunset", "purple"),
    ("desert", "yellow"),
    ("sky", "blue"),
}

#: content → the artifact that it mostly comes with
HABITS = {"fish": "watermark", "night": "washed out", "sky": "washed out", "desert": "tinted", "sunset": "tinted"}
#: Four in five: guidance can lead away from an artifact only as far as some pictures of that content lack it; demo/README.md
#: has the figures.
HABIT_SHARE = 0.8
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
    image = Image.new("RGB", (SIDE, SIDE))
    canvas = ImageDraw.Draw(image)
    draw_background(canvas, scene.place, rng)
    draw_shape(canvas, scene.shape, COLOURS[scene.colour], rng)
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    for artifact in scene.artifacts:
        image = damage(image, artifact, rng)
    return image
