"""The log of a training: on the terminal, and in train.log in its folder."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to(folder: Path) -> None:
    """Set up this process's logging; `folder` is created."""
    folder.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(folder / "train.log", encoding="utf-8")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers, force=True)
