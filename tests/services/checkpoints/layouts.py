"""Files with the tensors' names of real layouts and their real widths, but nothing in them worth rendering."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

_UNET, _VAE = "model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.decoder.conv_in.weight"
SD1 = {"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": (2, 768)}
SD2 = {"cond_stage_model.model.token_embedding.weight": (2, 1024)}
SDXL = {
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": (2, 768),
    "conditioner.embedders.1.model.token_embedding.weight": (2, 1280),
}


def model_file(
    path: Path,
    encoders: Mapping[str, tuple[int, ...]],
    *,
    inputs: int = 4,
    metadata: dict[str, str] | None = None,
    **more: int,
) -> Path:
    """A whole model as far as its header tells; `more` are further tensors by the length of each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes = {_UNET: (1, inputs, 3, 3), _VAE: (1, 1), **encoders, **{name: (length,) for name, length in more.items()}}
    save_file({name: np.zeros(shape, np.float16) for name, shape in shapes.items()}, path, metadata)
    return path


def tensors_file(path: Path, *names: str) -> Path:
    """A file with tensors of these names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.zeros(4, np.float16) for name in names}, path)
    return path
