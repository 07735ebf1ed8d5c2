"""Checkpoints: sets of weights to render with. Members see the word "model"."""

from services.checkpoints.entry import CfgMode, Checkpoint
from services.checkpoints.installation import Installation
from services.checkpoints.shelf import Shelf, read_shelf

__all__ = ["CfgMode", "Checkpoint", "Installation", "Shelf", "read_shelf"]
