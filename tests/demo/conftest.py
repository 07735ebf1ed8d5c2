"""The shipped checkpoint, its judge, and a training set of a few pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.dataset import make_dataset
from demo.judge import Judge, load_judge
from demo.trial import Studio
from tests.threads import one_thread

__all__ = ["one_thread"]  # a fixture for the whole folder

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture(scope="session")
def judge() -> Judge:
    return load_judge()


@pytest.fixture(scope="session")
def studio(judge: Judge) -> Studio:
    """Half the usual steps: the pictures are coarser, what is in them is the same."""
    return Studio(DEMO / "checkpoint", judge, steps=10)


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    make_dataset(tmp_path, 48)
    return tmp_path
