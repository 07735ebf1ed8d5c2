"""Which weights of a repository are downloaded and loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from services.checkpoints import Installation
from services.checkpoints.hashes import hash_weights
from services.checkpoints.memory import weights_memory
from services.checkpoints.weights import choose_weights, variant_of, weight_files
from services.engine.loader import load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint

UNET = "unet/diffusion_pytorch_model"


def in_half(folder: Path, *parts: str) -> Path:
    """The demo with these parts in nothing but half precision."""
    shutil.copytree(DEMO_CHECKPOINT, folder)
    for part in parts:
        for path in (folder / part).glob("*.safetensors"):
            path.rename(path.with_suffix(".fp16.safetensors"))
    return folder


def test_each_part_is_downloaded_once_in_full_precision_where_there_is_one() -> None:
    files = [
        f"{UNET}.safetensors", f"{UNET}.fp16.safetensors", f"{UNET}.non_ema.safetensors", f"{UNET}.bin",
        "vae/diffusion_pytorch_model.fp16.safetensors", "vae/config.json", "whole.safetensors",
        "text_encoder/model.fp16-00001-of-00002.safetensors", "text_encoder/model.fp16-00002-of-00002.safetensors",
        "text_encoder_2/model-00001-of-00001.safetensors", "text_encoder_2/model.fp16.safetensors",
    ]  # fmt: skip
    assert sorted(choose_weights(files)) == [
        "text_encoder/model.fp16-00001-of-00002.safetensors",
        "text_encoder/model.fp16-00002-of-00002.safetensors",
        "text_encoder_2/model-00001-of-00001.safetensors",
        f"{UNET}.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ]


def test_a_folder_in_half_precision_loads(tmp_path: Path) -> None:
    for name, parts in {"whole": ("unet", "vae", "text_encoder"), "mixed": ("unet",)}.items():
        folder = in_half(tmp_path / name, *parts)
        assert variant_of(folder) == "fp16"
        loaded = load_checkpoint(a_checkpoint(), Installation.in_folder(folder), torch.device("cpu"))
        plain = load_checkpoint(a_checkpoint(), Installation.in_folder(DEMO_CHECKPOINT), torch.device("cpu"))
        for part in ("unet", "vae", "text_encoder"):
            ours, theirs = (getattr(each.pipe, part).state_dict() for each in (loaded, plain))
            assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
        assert loaded.model_hash == hash_weights(DEMO_CHECKPOINT)
        here, there = (weights_memory(Installation.in_folder(place), 4) for place in (folder, DEMO_CHECKPOINT))
        assert here == there


def test_full_precision_is_preferred(tmp_path: Path) -> None:
    shutil.copytree(DEMO_CHECKPOINT, tmp_path / "both")
    weights = tmp_path / "both" / f"{UNET}.safetensors"
    shutil.copy(weights, tmp_path / "both" / f"{UNET}.fp16.safetensors")
    assert variant_of(tmp_path / "both") is None
    assert weight_files(tmp_path / "both", "unet") == [weights]
