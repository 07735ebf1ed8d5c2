"""Where an installed checkpoint's files are: what it weighs, and what says how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from embeddings.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Installation:
    """The two places that a checkpoint is read from."""

    #: a folder in diffusers' layout, or one .safetensors file in that of the original Stable Diffusion
    weights: Path
    #: a folder in diffusers' layout with the parts' configurations and tokenizers; weights in it are not looked at
    configuration: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """That of a checkpoint in diffusers' layout, which has everything in one place."""
        return cls(folder, folder)


def configuration_folder(checkpoints: Path, architecture: Architecture) -> Path:
    """Where the configuration for single files of an architecture belongs, in the operator's checkpoints folder."""
    return checkpoints / "configurations" / architecture.value
