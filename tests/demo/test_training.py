"""Both trainings stop in time and resume, and their results can be assembled into a pipeline."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from demo import autoencoder, diffusion
from demo.dataset import make_dataset
from demo.export import export

CHECKPOINT = Path(__file__).parents[2] / "demo" / "checkpoint"
SHORT = 0.03  # minutes


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diffusion, "BATCH", 2)
    monkeypatch.setattr(autoencoder, "BATCH", 2)


def _state(path: Path) -> dict[str, float]:
    return torch.load(path, weights_only=True)["state"]


def test_the_training_set_depends_only_on_the_seed(tmp_path: Path):
    for name in ("first", "second"):
        make_dataset(tmp_path / name, 6)
    for file in ("pictures.npy", "latents.npy", "ids.npy", "plain.npy"):
        first, second = (np.load(tmp_path / name / file) for name in ("first", "second"))
        assert len(first) == 6
        assert np.array_equal(first, second)


@pytest.mark.parametrize("stage", [autoencoder, diffusion])
def test_an_interrupted_training_resumes(training_set: Path, stage: ModuleType):
    path = training_set / f"{stage.__name__.removeprefix('demo.')}.pt"
    options = {"processes": 1} if stage is diffusion else {}
    stage.train(training_set, SHORT, **options)
    first = _state(path)
    assert first["step"] >= 1
    stage.train(training_set, SHORT, **options)
    assert _state(path)["step"] == first["step"]  # its time is up
    longer = first["elapsed"] / 60 + SHORT
    stage.train(training_set, longer, **options)
    assert _state(path)["step"] > first["step"]
    assert _state(path)["elapsed"] >= longer * 60


def test_the_trained_parts_are_saved_as_a_pipeline(training_set: Path):
    autoencoder.train(training_set, SHORT)
    diffusion.train(training_set, SHORT, processes=1)
    export(training_set, training_set / "checkpoint")
    pipe = StableDiffusionPipeline.from_pretrained(training_set / "checkpoint", use_safetensors=True)
    average = torch.load(training_set / "diffusion.pt", weights_only=True)["average"]
    for name, tensor in pipe.unet.state_dict().items():
        assert torch.allclose(tensor.float(), average[f"unet.{name}"], atol=1e-3)


def test_a_training_can_start_from_a_checkpoint(training_set: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(diffusion, "FURTHER_LEARNING_RATE", 0.0)
    diffusion.train(training_set, SHORT, processes=1, start=CHECKPOINT)
    trained = torch.load(training_set / "diffusion.pt", weights_only=True)["model"]
    shipped = StableDiffusionPipeline.from_pretrained(CHECKPOINT, dtype=torch.float32).unet.state_dict()
    assert all(torch.equal(trained[f"unet.{name}"], tensor) for name, tensor in shipped.items())
