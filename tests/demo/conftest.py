"""The shipped checkpoint, its judge, and a training set of a few pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from demo.dataset import make_dataset
from demo.judge import Judge, load_judge
from demo.trial import Studio

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads of OpenMP on two busy cores wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
