"""Folders of A1111, its forks and ComfyUI: where each keeps models and embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_MODELS = ("models/Stable-diffusion", "models/checkpoints")
_EMBEDDINGS = ("embeddings", "models/embeddings")


@dataclass(frozen=True, slots=True)
class Folders:
    """What is used in place."""

    checkpoints: tuple[Path, ...] = ()
    embeddings: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.checkpoints or self.embeddings)


def folders_of(program: Path) -> Folders:
    """What another program's folder has of both kinds; a plain folder of models counts as one."""
    program = program.expanduser().resolve()
    checkpoints = tuple(program / name for name in _MODELS if (program / name).is_dir())
    embeddings = tuple(program / name for name in _EMBEDDINGS if (program / name).is_dir())
    if not (checkpoints or embeddings) and any(program.glob("*.safetensors")):
        checkpoints = (program,)
    return Folders(checkpoints, embeddings)


def together(found: Iterable[Folders]) -> Folders:
    """All of them, each once."""
    found = list(found)
    checkpoints = dict.fromkeys(path for folders in found for path in folders.checkpoints)
    embeddings = dict.fromkeys(path for folders in found for path in folders.embeddings)
    return Folders(tuple(checkpoints), tuple(embeddings))
