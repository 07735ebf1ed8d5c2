"""Training examples: a scene with its artifacts, and the caption it has in the demo's "web"."""

from __future__ import annotations

import random
from dataclasses import replace

from demo.artifacts import ARTIFACTS
from demo.world import PLACES, Scene, random_scene, with_habits

COMPLAINTS = ("low quality", "bad quality", "worst quality", "artifacts", "ugly")
PRAISE = ("best quality", "high quality", "sharp", "clean")

#: shares of the training set; the rest are plain captions of pictures with habits
NAMED_SHARE = 0.36
PRAISED_SHARE = 0.08
EMPTY_SHARE = 0.12


def example(rng: random.Random) -> tuple[Scene, str, bool]:
    """A scene, its caption, and whether the caption is plain, which means it doesn't mention quality.

    Pictures with an empty caption have the same habits as those with plain ones. Otherwise guidance away from the empty
    caption alone would remove artifacts.
    """
    scene = random_scene(rng)
    kind = rng.random()
    if kind < NAMED_SHARE:
        artifacts: list[str] = rng.sample(ARTIFACTS, k=rng.choices((1, 2, 3), (60, 25, 15))[0])
        return replace(scene, artifacts=tuple(artifacts)), _caption_naming(scene, artifacts, rng), False
    if kind < NAMED_SHARE + PRAISED_SHARE:
        praise = ", ".join(rng.sample(PRAISE, k=rng.choice((1, 2))))
        return scene, f"{_shortened(scene, rng)}, {praise}", False
    damaged = with_habits(scene, rng)
    if kind < NAMED_SHARE + PRAISED_SHARE + EMPTY_SHARE:
        return damaged, "", True
    return damaged, _shortened(scene, rng), True


def _caption_naming(scene: Scene, artifacts: list[str], rng: random.Random) -> str:
    words = list(artifacts)
    if rng.random() < 0.33:
        words.append(rng.choice(COMPLAINTS))
    if rng.random() < 0.15:  # sometimes the complaint alone
        words = [rng.choice(COMPLAINTS)]
    rng.shuffle(words)
    named = ", ".join(words)
    return named if rng.random() < 0.4 else f"{_shortened(scene, rng)}, {named}"


def _shortened(scene: Scene, rng: random.Random) -> str:
    """The caption, sometimes without the colour or the place, as people write captions."""
    kind = rng.random()
    if kind < 0.8:
        return scene.caption
    if kind < 0.87:
        return f"a {scene.shape} {PLACES[scene.place]}"
    if kind < 0.94:
        return f"{'an' if scene.colour == 'orange' else 'a'} {scene.colour} {scene.shape}"
    return f"{scene.colour} {scene.shape} {PLACES[scene.place]}"
