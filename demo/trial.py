"""A paired trial: the same contents and seeds with different negatives, rendered with the bot's own engine and judged.

The contents have habits, so pictures without a negative have artifacts. Two arms differ in nothing but the negative.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from demo.artifacts import ARTIFACTS
from demo.judge import Judge, Verdicts
from demo.world import COLOURS, HABITS, SHAPES, Scene, random_scene
from embeddings.architecture import Architecture
from embeddings.embedding import Embedding
from embeddings.reader import read_file
from services.checkpoints import Installation, read_shelf
from services.engine.loader import load_checkpoint
from services.engine.renderer import render
from services.parameters import GenerationParameters, PlacedEmbedding

PAIRS = 64
FIRST_SEED = 1000
_BATCH = 16  # pictures


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to render the contents."""

    name: str
    embeddings: tuple[PlacedEmbedding, ...] = ()
    negative: str = ""
    cfg: float | None = None  # None: the checkpoint's default


@dataclass(frozen=True, slots=True)
class Outcome:
    """The pictures of an arm, and the judge's verdicts on them."""

    pictures: NDArray[np.uint8]
    verdicts: Verdicts

    @property
    def damaged(self) -> NDArray[np.bool_]:
        return np.asarray(self.verdicts.artifacts.any(axis=1))


class Trial:
    """Renders arms with a checkpoint, loaded as the bot loads it, and judges the pictures."""

    def __init__(self, checkpoint: Path, judge: Judge, **settings: float) -> None:
        """`settings` override those of the checkpoint's description."""
        described = read_shelf(checkpoint).find("demo")
        # the judge was trained on pictures that aren't enlarged
        self._entry = described.model_copy(update={"enlarge": 1} | settings)
        self._loaded = load_checkpoint(self._entry, Installation.in_folder(checkpoint), torch.device("cpu"))
        self._judge = judge
        self.model_hash = self._loaded.model_hash

    @property
    def settings(self) -> dict[str, float | str]:
        return {name: getattr(self._entry, name) for name in ("cfg", "steps", "sampler", "width", "height")}

    def run(self, arm: Arm, contents: Sequence[Scene], first_seed: int = FIRST_SEED) -> Outcome:
        """Render and judge an arm. Content i has seed `first_seed` + i in every arm."""
        plans = [self._plan(arm, scene.caption, first_seed + number) for number, scene in enumerate(contents)]
        parts = [plans[start : start + _BATCH] for start in range(0, len(plans), _BATCH)]
        files = [file for part in parts for files in render(self._loaded, part, _ignore_progress) for file in files]
        pictures = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])
        return Outcome(pictures, self._judge.classify(pictures))

    def _plan(self, arm: Arm, prompt: str, seed: int) -> GenerationParameters:
        entry = self._entry
        return GenerationParameters(
            checkpoint=entry.id,
            prompt=prompt,
            negative=arm.negative,
            embeddings=arm.embeddings,
            cfg=entry.cfg if arm.cfg is None else arm.cfg,
            steps=entry.steps,
            width=entry.width,
            height=entry.height,
            seed=seed,
            count=1,
            sampler=entry.sampler,
        )


def contents_with_habits(count: int = PAIRS, seed: int = 0) -> list[Scene]:
    """Scenes with habits, taking turns among all habits."""
    rng = random.Random(f"contents {seed}")
    contents: list[Scene] = []
    while len(contents) < count:
        scene = random_scene(rng)
        if tuple(HABITS)[len(contents) % len(HABITS)] in (scene.shape, scene.place):
            contents.append(scene)
    return contents


def load_placed(path: Path) -> PlacedEmbedding:
    """Load an embedding from a file, at full strength.

    Raises: RefusedFile; OSError.
    """
    file = read_file(path)
    return replace(_place(path.stem, file.embedding), file_hash=file.file_hash)


def placebo(original: PlacedEmbedding, seed: int) -> PlacedEmbedding:
    """Random vectors with the original's number and norms."""
    ((encoder, rows),) = original.vectors.items()
    drawn = np.random.default_rng(seed).standard_normal(rows.shape).astype(np.float32)
    drawn *= np.linalg.norm(rows, axis=1, keepdims=True) / np.linalg.norm(drawn, axis=1, keepdims=True)
    return _place(f"random {seed + 1}", Embedding(Architecture.DEMO, {encoder: drawn}))


def compare(contents: Sequence[Scene], plain: Outcome, other: Outcome) -> dict[str, float]:
    """The figures of an arm compared with the plain one: shares of the pictures, and how many it fixed and broke."""
    shapes = np.array([SHAPES.index(scene.shape) for scene in contents])
    colours = np.array([tuple(COLOURS).index(scene.colour) for scene in contents])
    by_artifact = other.verdicts.artifacts.mean(axis=0)
    figures = {
        "damaged": float(other.damaged.mean()),
        "fixed": int((plain.damaged & ~other.damaged).sum()),
        "broken": int((other.damaged & ~plain.damaged).sum()),
        "shape": float((other.verdicts.shapes == shapes).mean()),
        "colour": float((other.verdicts.colours == colours).mean()),
    }
    return figures | {artifact: float(share) for artifact, share in zip(ARTIFACTS, by_artifact, strict=True)}


def _place(name: str, embedding: Embedding) -> PlacedEmbedding:
    return PlacedEmbedding(
        id=name,
        strength=1.0,
        num_vectors=embedding.num_vectors,
        content_hash=embedding.content_hash,
        file_hash="",
        vectors=embedding.vectors,
    )


def _ignore_progress(step: int, steps: int) -> None:
    """A measurement shows no progress."""
