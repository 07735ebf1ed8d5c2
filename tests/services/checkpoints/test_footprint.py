"""What models take of memory, told without loading them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.checkpoints.footprint import memory_of
from services.engine.loader import load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint
from tests.services.engine.tiny import save_sdxl


def loaded_bytes(name: str, folder: Path) -> int:
    """What the weights take that are really in memory."""
    checkpoint = a_checkpoint(name, Architecture(name))
    pipe = load_checkpoint(checkpoint, Installation.in_folder(folder), torch.device("cpu")).pipe
    parts = [part for part in pipe.components.values() if isinstance(part, torch.nn.Module)]
    return sum(weight.nbytes for part in parts for weight in part.parameters())


@pytest.mark.parametrize("name", ["demo", "sdxl"])
def test_it_is_what_loading_takes(name: str, tmp_path: Path) -> None:
    folder = DEMO_CHECKPOINT if name == "demo" else save_sdxl(tmp_path / "sdxl")
    told = memory_of(Installation.in_folder(folder), 4)
    assert told == loaded_bytes(name, folder)
    assert memory_of(Installation.in_folder(folder), 2) == told // 2


def test_weights_that_lie_there_in_another_precision_are_not_counted_twice(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "demo"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.copy(weights, weights.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert memory_of(Installation.in_folder(folder), 4) == memory_of(Installation.in_folder(DEMO_CHECKPOINT), 4)
