"""What a training says while it runs: on the terminal, and in train.log of its folder."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to(folder: Path) -> None:
    """Set the log of this process up."""
    folder.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(folder / "train.log", encoding="utf-8")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers, force=True)
