"""Folders of embedding files, and one thread for torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.embeddings.files import rows, tensor_file

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write `data` (else a good SD 1 file) under a name, and hand the path back."""

    def write(name: str, data: bytes | None = None, *, seed: int = 0) -> Path:
        path = tmp_path / name
        path.write_bytes(tensor_file({"emb_params": rows(seed=seed)}) if data is None else data)
        return path

    return write


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """Two threads of OpenMP on two busy cores wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
