"""The shipped checkpoint and embeddings are small, in ordinary formats, and do their job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open

from demo.inversions import GENERAL, NAMES
from demo.judge import Judge
from demo.measure import report, shortfalls
from demo.trial import Arm, Trial
from demo.world import COLOURS, SHAPES, Scene
from embeddings.architecture import Architecture
from embeddings.reader import read_file
from services.checkpoints.hashes import hash_weights

DEMO = Path(__file__).parents[2] / "demo"
CHECKPOINT = DEMO / "checkpoint"
NEGATIVES = [GENERAL, *NAMES.values()]


def _embedding(name: str):
    return read_file(DEMO / "embeddings" / f"{name}.safetensors").embedding


def test_the_checkpoint_is_in_half_precision_and_at_most_25_mb():
    files = [path for path in CHECKPOINT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25_000_000
    weights = [path for path in files if path.suffix == ".safetensors"]
    assert {path.parent.name for path in weights} == {"unet", "text_encoder", "vae"}
    for path in weights:
        with safe_open(path, "np") as file:
            assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"F16"}  # noqa: SIM118


def test_diffusers_renders_with_it_like_any_other_checkpoint(judge: Judge):
    """With a plain pipeline, and none of this project's code."""
    pipe: Any = StableDiffusionPipeline.from_pretrained(CHECKPOINT, dtype=torch.float32, use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    prompts = ["a red mushroom in the snow", "a yellow house on a blue background"]
    images = pipe(
        prompts, num_inference_steps=10, guidance_scale=4.0, generator=torch.Generator().manual_seed(3)
    ).images
    seen = judge.classify(np.stack([np.asarray(image) for image in images]))
    assert [SHAPES[number] for number in seen.shapes] == ["mushroom", "house"]
    assert [tuple(COLOURS)[number] for number in seen.colours] == ["red", "yellow"]


def test_it_can_draw_every_colour_and_shape(trial: Trial):
    contents = [
        Scene(shape, colour, "meadow") for colour, shape in zip(COLOURS, [*SHAPES, "star", "house"], strict=True)
    ]
    verdicts = trial.run(Arm("plain"), contents).verdicts
    colours = [tuple(COLOURS)[number] for number in verdicts.colours]
    shapes = [SHAPES[number] for number in verdicts.shapes]
    assert sum(scene.colour == colour for scene, colour in zip(contents, colours, strict=True)) >= 7
    assert sum(scene.shape == shape for scene, shape in zip(contents, shapes, strict=True)) >= 7


@pytest.mark.parametrize("name", NEGATIVES)
def test_embeddings_are_ordinary_files_with_provenance(name: str):
    embedding = _embedding(name)
    metadata = embedding.metadata
    assert embedding.architecture is Architecture.DEMO
    with safe_open(DEMO / "embeddings" / f"{name}.safetensors", "np") as file:
        assert list(file.keys()) == ["emb_params"]
    assert metadata["modelspec.title"] == name
    assert metadata["modelspec.is_negative_embedding"] == "true"
    assert metadata["modelspec.license"] == "MIT"
    assert metadata["training.program"] == "demo.train"
    assert metadata["training.checkpoint_hash"] == hash_weights(CHECKPOINT)


@pytest.mark.parametrize("name", NAMES.values())
def test_each_inversion_lowered_its_loss(name: str):
    metadata = _embedding(name).metadata
    assert float(metadata["training.loss_after"]) < 0.97 * float(metadata["training.loss_before"])


def test_the_figures_belong_to_these_weights_and_meet_the_targets():
    figures = json.loads((DEMO / "figures.json").read_text())
    assert figures["model_hash"] == hash_weights(CHECKPOINT)
    assert figures["pairs"] == 64
    assert len([name for name in figures["arms"] if name.startswith("random")]) == 8
    assert shortfalls(figures) == []
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    assert not [line for line in report(figures).splitlines() if line not in readme]
