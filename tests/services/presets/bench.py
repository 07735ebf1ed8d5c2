"""Presets over a real database, with two small models and some embeddings beside them."""

from __future__ import annotations

from pathlib import Path

from embeddings.architecture import Architecture
from services.planning.picks import EmbeddingLimits
from services.presets import Presets
from services.presets.rules import PresetRules
from services.storage import Storage
from tests.builders import a_checkpoint, a_library, a_shelf, embedding_file


class PresetShelf:
    """What presets may name: `demo` and `sd15` are installed, `sdxl` is only described."""

    def __init__(self, folder: Path) -> None:
        embedding_file(folder / "embeddings", "EasyNegative", Architecture.SD1, vectors=8)
        self.library = a_library(folder / "embeddings", ["Blur", "tint", "noise"])
        self.shelf = a_shelf(
            folder / "checkpoints",
            a_checkpoint(max_steps=50),
            a_checkpoint("sd15", Architecture.SD1),
            missing=[a_checkpoint("sdxl", Architecture.SDXL)],
        )
        self.rules = PresetRules(shelf=self.shelf, library=self.library, limits=EmbeddingLimits())

    def presets(self, storage: Storage) -> Presets:
        return Presets(storage.presets, self.rules)

    def remove(self, name: str) -> None:
        """Delete an embedding."""
        installed = self.library.find(name)
        assert installed is not None
        self.library.remove(installed)
