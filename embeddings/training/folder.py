"""Train a negative embedding from a folder of flawed pictures, on a checkpoint in diffusers' layout."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from embeddings.architecture import Architecture, architecture_of_widths
from embeddings.errors import TrainingFailed
from embeddings.training.inversion import TrainingResult, TrainingSettings, train_embedding
from embeddings.writer import write_file

PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
MAX_PICTURES = 1000  # all of them are held in memory

OnStep = Callable[[int, int, float], None]


def train_from_folder(
    checkpoint: Path, pictures: Path, target: Path, settings: TrainingSettings, on_step: OnStep
) -> TrainingResult:
    """Train on every picture in the folder and write the embedding to `target`.

    A text file with the same stem as a picture is its caption. Captions describe what is in the picture, not what is
    wrong with it.

    Raises: TrainingFailed, if the folder can't be used or nothing was learnt; OSError, if a file can't be read.
    """
    if not (checkpoint / "model_index.json").is_file():
        raise TrainingFailed(f"{checkpoint.name} isn't a checkpoint in diffusers' layout: it has no model_index.json.")
    pipe = StableDiffusionPipeline.from_pretrained(
        checkpoint,
        dtype=torch.float32,
        local_files_only=True,
        use_safetensors=True,
        safety_checker=None,
        requires_safety_checker=False,
    )
    architecture = architecture_of_widths(pipe.text_encoder.config.hidden_size)
    if architecture is None:
        raise TrainingFailed(f"{checkpoint.name} has a text encoder that no supported architecture has.")
    side = pipe.unet.config["sample_size"] * architecture.facts.latent_factor
    bad, captions = read_pictures(pictures, side)
    result = train_embedding(pipe, architecture, bad, captions, settings, on_step)
    provenance = _provenance(checkpoint, architecture, len(bad), settings, result)
    write_file(target, result.embedding, title=target.stem, provenance=provenance)
    return result


def read_pictures(folder: Path, side: int) -> tuple[NDArray[np.uint8], list[str]]:
    """The folder's pictures, cropped to squares, and their captions.

    Shape: (n, side, side, 3).
    Raises: TrainingFailed, if there are none, too many, or one that can't be read.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not 1 <= len(paths) <= MAX_PICTURES:
        kinds = ", ".join(sorted(PICTURES))
        raise TrainingFailed(
            f"{folder.name} contains {len(paths)} pictures ({kinds}); training needs 1 to {MAX_PICTURES}."
        )
    pictures: list[NDArray[np.uint8]] = []
    captions: list[str] = []
    for path in paths:
        try:
            with Image.open(path) as picture:
                squared = ImageOps.fit(picture.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
        except (UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise TrainingFailed(f"{path.name} can't be read as a picture; remove or replace it.") from error
        pictures.append(np.asarray(squared))
        caption = path.with_suffix(".txt")
        captions.append(caption.read_text(encoding="utf-8").strip() if caption.is_file() else "")
    return np.stack(pictures), captions


def _provenance(
    checkpoint: Path, architecture: Architecture, pictures: int, settings: TrainingSettings, result: TrainingResult
) -> dict[str, str]:
    weights = next(iter(sorted((checkpoint / "unet").glob("*.safetensors"))))
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "training.method": "textual inversion (AdamW, cosine schedule)",
        "training.architecture": architecture.value,
        "training.checkpoint": checkpoint.name,
        "training.checkpoint_hash": digest[:10],
        "training.pictures": str(pictures),
        "training.steps": str(settings.steps),
        "training.learning_rate": f"{settings.learning_rate:g}",
        "training.loss_before": f"{result.loss_before:.5f}",
        "training.loss_after": f"{result.loss_after:.5f}",
    }
