"""Where an installed checkpoint's files are: the weights, and the configuration to read them with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from embeddings.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Installation:
    """The two places that a checkpoint is loaded from."""

    #: a folder in diffusers' layout, or a .safetensors file in the original Stable Diffusion layout
    weights: Path
    #: a folder in diffusers' layout with the parts' configurations and tokenizers; any weights in it are ignored
    configuration: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """A checkpoint in diffusers' layout, which has both in one folder."""
        return cls(folder, folder)


def configuration_folder(checkpoints: Path, architecture: Architecture) -> Path:
    """The folder, within the operator's checkpoints folder, for the configuration of an architecture's single files."""
    return checkpoints / "configurations" / architecture.value
