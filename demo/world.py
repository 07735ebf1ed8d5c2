"""The demo world, all that the demo checkpoint knows: pictures of a shape on a background, drawn by fixed rules.

They are 64 × 64, drawn four times as large and scaled down. Contents have habits, as in pictures from the web: fish come from
stock sites and have a watermark, night and sky are washed out, desert and sunset have a green tint, and no caption says so.
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
#: (place, colour) pairs in which the shape can hardly be seen
_INVISIBLE = {
    ("snow", "white"),
    ("meadow", "green"),
    ("forest", "green"),
    ("sea", "blue"),
    ("sunset", "purple"),
    ("desert", "yellow"),
    ("sky", "blue"),
}

#: content → the artifact that most pictures of it have
HABITS = {"fish": "watermark", "night": "washed out", "sky": "washed out", "desert": "tinted", "sunset": "tinted"}
#: four in five, because guidance can only lead away from an artifact if some pictures of that content lack it; demo/README.md has
#: the figures
HABIT_SHARE = 0.8
STRAY_SHARE = 0.10  # of the contents without a habit


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows; its caption may say less."""

    shape: str
    colour: str
    place: str
    artifacts: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        return f"{'an' if self.colour == 'orange' else 'a'} {self.colour} {self.shape} {PLACES[self.place]}"

    @property
    def habits(self) -> tuple[str, ...]:
        """The artifacts that its contents usually have."""
        return tuple(dict.fromkeys(HABITS[word] for word in (self.shape, self.place) if word in HABITS))


def random_scene(rng: random.Random) -> Scene:
    """A scene without artifacts, whose shape stands out from the background."""
    while True:
        scene = Scene(rng.choice(SHAPES), rng.choice(tuple(COLOURS)), rng.choice(tuple(PLACES)))
        if scene.place.removeprefix("plain ") != scene.colour and (scene.place, scene.colour) not in _INVISIBLE:
            return scene


def with_habits(scene: Scene, rng: random.Random) -> Scene:
    """The scene as found on the web: usually with its habitual artifacts, or now and then with a stray one."""
    artifacts = [artifact for artifact in scene.habits if rng.random() < HABIT_SHARE]
    if not scene.habits and rng.random() < STRAY_SHARE:
        artifacts = [rng.choice(ARTIFACTS)]
    return Scene(scene.shape, scene.colour, scene.place, tuple(artifacts))


def draw(scene: Scene, rng: random.Random) -> Image.Image:
    """Draw a scene with its artifacts; 64 × 64, RGB."""
    image = Image.new("RGB", (SIDE, SIDE))
    canvas = ImageDraw.Draw(image)
    draw_background(canvas, scene.place, rng)
    draw_shape(canvas, scene.shape, COLOURS[scene.colour], rng)
    image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    for artifact in scene.artifacts:
        image = damage(image, artifact, rng)
    return image
