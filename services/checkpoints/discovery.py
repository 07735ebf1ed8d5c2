"""Checkpoints that somebody put into a folder without describing them: each gets a description of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.architecture import Architecture
from embeddings.display import printable
from embeddings.problems import Problem
from services.checkpoints.entry import CfgMode, Checkpoint
from services.checkpoints.recognition import Recognised, Unrecognised, recognise
from services.checkpoints.validation import INDEX
from services.text import shorten

#: what is no checkpoint and needs no mention: descriptions, configurations, pictures and notes beside models
_BESIDE = frozenset(
    {".toml", ".yaml", ".yml", ".json", ".txt", ".md", ".png", ".jpg", ".jpeg", ".webp", ".info", ".part"}
)
_CONFIGURATIONS = "configurations"
_SIZES = {
    Architecture.SD1: {"width": 512, "height": 512},
    Architecture.SD2: {"width": 768, "height": 768},
    Architecture.SDXL: {"width": 1024, "height": 1024, "min_side": 512, "max_side": 1536},
    Architecture.DEMO: {"width": 64, "height": 64, "multiple": 16, "min_side": 32, "max_side": 128},
}
_FEW_STEPS = {"cfg_mode": CfgMode.DISTILLED, "cfg": 1.0, "steps": 4, "max_steps": 8, "sampler": "euler"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the folders beside the models that are described."""

    drafts: tuple[Checkpoint, ...] = ()
    #: files that aren't used, and why
    ignored: tuple[Problem, ...] = ()
    #: ids of described models whose weights are there now
    present: frozenset[str] = frozenset()


class Discovery:
    """Remembers what it has read, since headers of many models are megabytes."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._known: dict[Path, tuple[object, Recognised | str]] = {}

    def look(self, described: Iterable[Checkpoint], folder: Path) -> Found:
        """Read what is new in the folders; `folder` is where the described models' paths begin. May run in a thread."""
        entries = list(described)
        places = {entry.id: entry.location(folder) for entry in entries}
        taken = {place.resolve() for place in places.values()}
        drafts: list[Checkpoint] = []
        ignored: list[Problem] = []
        for path in self._candidates():
            if path.resolve() in taken:
                continue
            found = self._recognise(path)
            if isinstance(found, str):
                ignored.append(Problem(printable(path.name), found))
            else:
                drafts.append(draft(path, found, [*entries, *drafts]))
        present = frozenset(name for name, place in places.items() if place.exists())
        return Found(tuple(drafts), tuple(ignored), present)

    def _candidates(self) -> Iterator[Path]:
        """Models may be in folders of folders, as A1111's and ComfyUI's users sort them."""
        for folder in self._folders:
            if folder.is_dir():
                yield from _in(folder)

    def _recognise(self, path: Path) -> Recognised | str:
        try:
            status = (path / INDEX if path.is_dir() else path).stat()
            stamp = status.st_mtime_ns, status.st_size
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                self._known[path] = stamp, _recognised(path)
            return self._known[path][1]
        except OSError as error:
            return f"it can't be read: {error.strerror}"


def draft(path: Path, found: Recognised, others: Iterable[Checkpoint]) -> Checkpoint:
    """A description for a model: that of the known model of the same name, or else what suits its architecture."""
    others = list(others)
    name = path.stem if path.is_file() else path.name
    for known in others:
        is_named = name.casefold() in map(str.casefold, known.names)
        if is_named and not known.path and known.architecture is found.architecture:
            return known.model_copy(update={"path": str(path.resolve())})
    few_steps = _FEW_STEPS if found.is_distilled else {}
    return Checkpoint.model_validate(
        {
            "id": _free_id(name, {known.id for known in others}),
            "title": printable(shorten(found.title, 60)),
            "architecture": found.architecture,
            "lineage": found.lineage,
            "path": str(path.resolve()),
            "prediction": found.prediction,
            "zero_terminal_snr": found.zero_terminal_snr,
            **({"sampler": "euler"} if found.zero_terminal_snr else {}),
            **_SIZES[found.architecture],
            **few_steps,
            "note": "Found in the folder, and described by what its header says.",
        }
    )


def _in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == _CONFIGURATIONS:
            continue
        if path.is_dir():
            if (path / INDEX).is_file():
                yield path
            elif not path.is_symlink():
                yield from _in(path)
        elif path.suffix.lower() not in _BESIDE:
            yield path


def _recognised(path: Path) -> Recognised | str:
    try:
        return recognise(path)
    except Unrecognised as error:
        return str(error)


def _free_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9._-]+", "-", name.casefold()).strip("-._")[:36] or "model"
    numbered = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 3))
    return next(candidate for candidate in numbered if candidate not in taken)
