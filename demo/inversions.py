"""Train the demo's negative embeddings on its checkpoint, with the code behind `python -m embeddings train`."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from demo.world import draw, random_scene
from embeddings.architecture import Architecture
from embeddings.training.inversion import TrainingSettings, train_embedding
from embeddings.writer import write_file
from services.checkpoints.hashes import hash_weights

log = logging.getLogger(__name__)

NAMES = {"watermark": "demo-watermark", "washed out": "demo-washed-out", "tinted": "demo-tinted"}
GENERAL = "demo-artifacts"
#: All in one picture, with the watermark on top: beneath the others it is too faint to be learned. If each picture had only one
#: artifact, the vectors would mean "perhaps watermarked", and a plain caption with a fish already means more than that.
ALL = ("washed out", "tinted", "watermark")
PICTURES = 96
SETTINGS = TrainingSettings(vectors=2, steps=200, learning_rate=0.03, batch=8)
GENERAL_SETTINGS = replace(SETTINGS, vectors=4)


def bad_pictures(artifacts: tuple[str, ...], count: int, seed: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    """Pictures with these artifacts, and captions that name the content but not the artifacts.

    Every other caption is empty, since a negative prompt doesn't name any content either.
    """
    rng = random.Random(f"{', '.join(artifacts)} {seed}")
    scenes = [replace(random_scene(rng), artifacts=artifacts) for _ in range(count)]
    pictures = np.stack([np.asarray(draw(scene, rng)) for scene in scenes])
    return pictures, [scene.caption if number % 2 else "" for number, scene in enumerate(scenes)]


def train_all(checkpoint: Path, folder: Path) -> None:
    """Write an embedding for each artifact and one for all of them.

    Raises: TrainingFailed if a loss doesn't fall, because the checkpoint has learned too little.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pipe = StableDiffusionPipeline.from_pretrained(checkpoint, dtype=torch.float32, use_safetensors=True)
    origin = _origin(checkpoint)
    wanted = {name: ((artifact,), SETTINGS) for artifact, name in NAMES.items()} | {GENERAL: (ALL, GENERAL_SETTINGS)}
    for name, (artifacts, settings) in wanted.items():
        pictures, captions = bad_pictures(artifacts, PICTURES)
        result = train_embedding(pipe, Architecture.DEMO, pictures, captions, settings)
        log.info("%s: loss %.4f → %.4f", name, result.loss_before, result.loss_after)
        provenance = origin | {
            "modelspec.description": f"Steers the demo checkpoint away from: {', '.join(artifacts)}.",
            "training.loss_before": f"{result.loss_before:.5f}",
            "training.loss_after": f"{result.loss_after:.5f}",
        }
        write_file(folder / f"{name}.safetensors", result.embedding, title=name, provenance=provenance)


def _origin(checkpoint: Path) -> dict[str, str]:
    """The provenance that all files have in their metadata."""
    return {
        "modelspec.author": "Negative Space",
        "modelspec.license": "MIT",
        "modelspec.date": datetime.now(UTC).date().isoformat(),
        "training.program": "demo.train",
        "training.checkpoint": "negative-space-demo",
        "training.checkpoint_hash": hash_weights(checkpoint),
        "training.method": "textual inversion (AdamW, cosine schedule)",
        "training.steps": str(SETTINGS.steps),
        "training.batch": str(SETTINGS.batch),
        "training.learning_rate": str(SETTINGS.learning_rate),
        "training.pictures": str(PICTURES),
        "training.seed": str(SETTINGS.seed),
    }
