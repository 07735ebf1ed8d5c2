"""Fetch described checkpoints from the hub, safetensors alone."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from services.checkpoints import read_shelf
from services.errors import UserError

#: everything a pipeline is loaded from; never a pickle
_WANTED = ["model_index.json", "*/*.json", "*/*.txt", "*/*.safetensors"]
_UNWANTED = ["*non_ema*", "safety_checker/*", "*.fp16.safetensors", "*/openvino*", "*/flax*"]


def install_model(name: str, folder: Path) -> Path:
    """Download the weights of a described checkpoint; goes on where an interrupted download was.

    Raises: UserError, if it is not known or cannot be fetched.
    """
    checkpoint = read_shelf(folder).find(name)
    if not checkpoint.hub:
        raise UserError(f"{checkpoint.title} comes from {checkpoint.source or 'a file'}, not from the hub.")
    target = checkpoint.location(folder)
    try:
        snapshot_download(checkpoint.hub, local_dir=target, allow_patterns=_WANTED, ignore_patterns=_UNWANTED)
    except (HfHubHTTPError, OSError) as error:
        raise UserError(f"{checkpoint.hub} could not be fetched: {error}") from error
    return target
