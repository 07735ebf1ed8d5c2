"""Which of the weight files in a folder are loaded; repositories often hold the same weights in several precisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from services.checkpoints.validation import UNUSED

#: diffusers' name for weights in half precision
HALF = "fp16"
#: parts of file names that mark another precision or average of the same weights
_MARKS = {HALF, "bf16", "fp32", "non_ema", "ema"}
_ENDING = ".safetensors"


def weight_files(folder: Path, part: str) -> list[Path]:
    """The files of a part that are loaded from a folder in diffusers' layout."""
    files = [path for path in (folder / part).glob(f"*{_ENDING}") if _is_variant(path.name, variant_of(folder))]
    return sorted(files or (path for path in (folder / part).glob(f"*{_ENDING}") if _is_variant(path.name, None)))


def variant_of(folder: Path) -> str | None:
    """The `variant` that diffusers has to load: half precision where a part comes in nothing else."""
    parts = (part for part in folder.iterdir() if part.name not in UNUSED)
    names = ([path.name for path in part.glob(f"*{_ENDING}")] for part in parts)
    return HALF if any(map(_is_only_half, names)) else None


def choose_weights(files: Iterable[str]) -> Iterator[str]:
    """Of a repository's files, the weights to download: each part once, in full precision where there is one."""
    parts: dict[str, list[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        if len(path.parts) == 2 and path.suffix == _ENDING:
            parts.setdefault(path.parts[0], []).append(file)
    for found in parts.values():
        variant = HALF if _is_only_half([PurePosixPath(file).name for file in found]) else None
        yield from (file for file in found if _is_variant(PurePosixPath(file).name, variant))


def _is_only_half(names: Sequence[str]) -> bool:
    return not any(_is_variant(name, None) for name in names) and any(_is_variant(name, HALF) for name in names)


def _is_variant(name: str, variant: str | None) -> bool:
    """Whether a file is of this precision; None means the plain one, which bears no mark."""
    marks = {mark.partition("-")[0] for mark in name.split(".")[1:-1]} & _MARKS
    return marks == ({variant} if variant else set())
