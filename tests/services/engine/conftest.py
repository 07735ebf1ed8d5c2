"""Checkpoints loaded once per session: the demo, and tiny ones with the widths of SD 1, SD 2 and SDXL; and stock pipelines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint
from tests.services.engine.stock import stock_pipeline
from tests.services.engine.tiny import save_sd1, save_sd2, save_sdxl
from tests.threads import one_thread

__all__ = ["one_thread"]  # an autouse fixture for the whole folder

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def sd1_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd1(tmp_path_factory.mktemp("checkpoints") / "sd1")


@pytest.fixture(scope="session")
def sd2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd2(tmp_path_factory.mktemp("checkpoints") / "sd2")


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sdxl(tmp_path_factory.mktemp("checkpoints") / "sdxl")


@pytest.fixture(scope="session")
def sd1(sd1_folder: Path) -> LoadedCheckpoint:
    return load_checkpoint(a_checkpoint("sd1", Architecture.SD1), Installation.in_folder(sd1_folder), CPU)


@pytest.fixture(scope="session")
def sd2(sd2_folder: Path) -> LoadedCheckpoint:
    return load_checkpoint(a_checkpoint("sd2", Architecture.SD2), Installation.in_folder(sd2_folder), CPU)


@pytest.fixture(scope="session")
def sdxl(sdxl_folder: Path) -> LoadedCheckpoint:
    return load_checkpoint(a_checkpoint("sdxl", Architecture.SDXL), Installation.in_folder(sdxl_folder), CPU)


@pytest.fixture(scope="session")
def demo() -> LoadedCheckpoint:
    return load_checkpoint(a_checkpoint(title="Demo", cfg=4.0), Installation.in_folder(DEMO_CHECKPOINT), CPU)


@pytest.fixture
def reference_sd1(sd1_folder: Path) -> Any:
    return stock_pipeline(sd1_folder)


@pytest.fixture
def reference_sd2(sd2_folder: Path) -> Any:
    return stock_pipeline(sd2_folder)


@pytest.fixture
def reference_sdxl(sdxl_folder: Path) -> Any:
    return stock_pipeline(sdxl_folder)


@pytest.fixture
def by_name(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Any of the fixtures above by name, for tests that are parametrized over checkpoints."""
    return request.getfixturevalue
