"""The demo checkpoint to train on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline

from tests.builders import DEMO_CHECKPOINT


@pytest.fixture(scope="session")
def demo_pipe(one_thread: None) -> Any:
    """The shipped demo checkpoint, in float32."""
    return StableDiffusionPipeline.from_pretrained(
        DEMO_CHECKPOINT, dtype=torch.float32, safety_checker=None, requires_safety_checker=False, local_files_only=True
    )
