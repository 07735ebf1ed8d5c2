"""The memory that a model needs, computed without loading it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.checkpoints.memory import weights_memory
from services.engine.loader import load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint
from tests.services.engine.tiny import save_sdxl


def loaded_bytes(name: str, folder: Path) -> int:
    """The memory that the weights take once they are loaded."""
    checkpoint = a_checkpoint(name, Architecture(name))
    pipe = load_checkpoint(checkpoint, Installation.in_folder(folder), torch.device("cpu")).pipe
    parts = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    return sum(weight.nbytes for part in parts for weight in part.parameters())


@pytest.mark.parametrize("name", ["demo", "sdxl"])
def test_the_computed_memory_equals_that_of_the_loaded_weights(name: str, tmp_path: Path) -> None:
    folder = DEMO_CHECKPOINT if name == "demo" else save_sdxl(tmp_path / "sdxl")
    in_float32 = weights_memory(Installation.in_folder(folder), 4)
    assert in_float32 == loaded_bytes(name, folder)
    assert weights_memory(Installation.in_folder(folder), 2) == in_float32 // 2


def test_a_second_copy_in_another_precision_is_not_counted(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "demo"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.copy(weights, weights.with_name("diffusion_pytorch_model.fp16.safetensors"))
    original = Installation.in_folder(DEMO_CHECKPOINT)
    assert weights_memory(Installation.in_folder(folder), 4) == weights_memory(original, 4)
