"""Presets over a real database, with two small models and a few embeddings."""

from __future__ import annotations

from pathlib import Path

from embeddings.architecture import Architecture
from services.presets import Presets
from services.presets.rules import PresetRules
from services.stock import Stocks
from services.storage import Storage
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry, embedding_file

ENTRIES = (
    an_entry("tint", aliases=("cast",)),
    an_entry("smudge", source="https://example.org/smudge"),
    an_entry("BadDream", Architecture.SD1),
)


class PresetBench:
    """What presets can name.

    `demo` and `sd15` are installed and `sdxl` is only described. Of the embeddings, EasyNegative is for `sd15`, `Blur-copy` has
    the same content as `Blur`, `cast` is an alias of `tint`, and the catalog knows `smudge` and `BadDream`, which aren't
    installed.
    """

    def __init__(self, folder: Path) -> None:
        embedding_file(folder / "embeddings", "EasyNegative", Architecture.SD1, vectors=8)
        embedding_file(folder / "embeddings", "Blur-copy", seed=1)  # the seed of "Blur"
        self.library = a_library(folder / "embeddings", ["Blur", "tint", "noise"], ENTRIES)
        self.shelf = a_shelf(
            folder / "checkpoints",
            a_checkpoint(max_steps=50),
            a_checkpoint("sd15", Architecture.SD1),
            missing=[a_checkpoint("sdxl", Architecture.SDXL)],
        )
        self.stock = a_stock(self.library, self.shelf)
        self.rules = PresetRules(self.stock)

    def presets(self, storage: Storage) -> Presets:
        return Presets(storage.presets, Stocks(self.stock))

    def uninstall(self, name: str) -> None:
        """Delete an embedding."""
        installed = self.library.find(name)
        assert installed is not None
        self.library.remove(installed)
