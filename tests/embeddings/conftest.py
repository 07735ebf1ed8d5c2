"""Embedding files in a temporary folder, and torch on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.embeddings.files import rows, tensor_file

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write `data` (by default a valid SD 1 file) under a name, and return its path."""

    def write(name: str, data: bytes | None = None, *, seed: int = 0) -> Path:
        path = tmp_path / name
        path.write_bytes(tensor_file({"emb_params": rows(seed=seed)}) if data is None else data)
        return path

    return write


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """On two busy cores, two OpenMP threads spend most of their time waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
