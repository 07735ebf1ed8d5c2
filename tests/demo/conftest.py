"""The shipped checkpoint, its judge, and a training set of a few pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.dataset import make_dataset
from demo.judge import Judge, load_judge
from demo.trial import Trial
from tests.threads import one_thread

__all__ = ["one_thread"]  # an autouse fixture for this folder

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture(scope="session")
def judge() -> Judge:
    return load_judge()


@pytest.fixture(scope="session")
def trial(judge: Judge) -> Trial:
    """With half the usual steps, pictures are coarser but show the same things."""
    return Trial(DEMO / "checkpoint", judge, steps=10)


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    make_dataset(tmp_path, 48)
    return tmp_path
