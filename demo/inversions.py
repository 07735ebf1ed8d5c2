"""Train the demo's negative embeddings on its own checkpoint, by the code that anybody trains theirs with."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from demo.world import draw, random_scene
from embeddings.architecture import Architecture
from embeddings.embedding import Embedding
from embeddings.training import TrainingSettings, train_embedding
from embeddings.writer import write_file

log = logging.getLogger(__name__)

NAMES = {"watermark": "demo-watermark", "washed out": "demo-washed-out", "tinted": "demo-tinted"}
GENERAL = "demo-artifacts"
PICTURES = 96
SETTINGS = TrainingSettings(vectors=2, steps=200, learning_rate=0.03, batch=8)


def bad_pictures(artifact: str, count: int, seed: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    """Pictures with one artifact, and captions of what is in them that do not name it."""
    rng = random.Random(f"{artifact} {seed}")
    scenes = [replace(random_scene(rng), artifacts=(artifact,)) for _ in range(count)]
    return np.stack([np.asarray(draw(scene, rng)) for scene in scenes]), [scene.caption for scene in scenes]


def train_all(pipe: StableDiffusionPipeline, folder: Path) -> None:
    """Write one embedding for each artifact, and the general one: their rows, one after another."""
    folder.mkdir(parents=True, exist_ok=True)
    singles: list[Embedding] = []
    for artifact, name in NAMES.items():
        # Every other caption is empty: a negative prompt names no content either.
        pictures, captions = bad_pictures(artifact, PICTURES)
        captions = [caption if number % 2 else "" for number, caption in enumerate(captions)]
        result = train_embedding(pipe, Architecture.DEMO, pictures, captions, SETTINGS)
        log.info("%s: loss %.4f → %.4f", name, result.loss_before, result.loss_after)
        singles.append(result.embedding)
        provenance = {
            "modelspec.description": f"Steers the demo checkpoint away from: {artifact}.",
            "training.loss_before": f"{result.loss_before:.5f}",
            "training.loss_after": f"{result.loss_after:.5f}",
        }
        write_file(folder / f"{name}.safetensors", result.embedding, title=name, provenance=_provenance() | provenance)
    general = joined(singles)
    description = f"Steers the demo checkpoint away from: {', '.join(NAMES)}. Their vectors, one after another."
    provenance = _provenance() | {"modelspec.description": description}
    write_file(folder / f"{GENERAL}.safetensors", general, title=GENERAL, provenance=provenance)


def joined(embeddings: Sequence[Embedding]) -> Embedding:
    """One embedding of all their vectors."""
    (encoder,) = Architecture.DEMO.facts.encoders
    return Embedding(Architecture.DEMO, {encoder: np.concatenate([one.vectors[encoder] for one in embeddings])})


def _provenance() -> dict[str, str]:
    return {
        "modelspec.author": "Negative Space",
        "modelspec.license": "MIT",
        "training.program": "demo.train",
        "training.steps": str(SETTINGS.steps),
        "training.learning_rate": str(SETTINGS.learning_rate),
        "training.pictures": str(PICTURES),
        "training.seed": str(SETTINGS.seed),
    }
