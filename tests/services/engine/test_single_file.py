"""Single-file checkpoints in the original layout, as most models are shared: same pictures as from a folder."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.architecture import Architecture
from embeddings.catalog import Catalog
from embeddings.library import Library
from services.checkpoints import Checkpoint, Shelf
from services.checkpoints.installation import configuration_folder
from services.engine.loader import LoadedCheckpoint, load_checkpoint
from services.engine.renderer import render
from services.planning.planner import Planner
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits, Stock
from tests.builders import a_checkpoint, a_plan
from tests.services.engine.conftest import CPU
from tests.services.engine.original_layout import save_single_file
from tests.services.engine.tiny import SIDE, placed


@dataclass(frozen=True)
class Twins:
    """The same weights as a folder and as a single file, with a shelf that lists the file."""

    folder: LoadedCheckpoint
    file: Checkpoint
    shelf: Shelf


@pytest.fixture(params=["sd1", "sd2", "sdxl"])
def twins(request: pytest.FixtureRequest, by_name: Callable[[str], Any], tmp_path: Path) -> Twins:
    kind = Architecture(request.param)
    weights = save_single_file(by_name(request.param).pipe, tmp_path / "mine.safetensors")
    configuration = configuration_folder(tmp_path, kind)
    shutil.copytree(by_name(f"{request.param}_folder"), configuration, ignore=shutil.ignore_patterns("*.safetensors"))
    entry = a_checkpoint("mine", kind, path=weights.name)
    return Twins(by_name(request.param), entry, Shelf([entry], tmp_path))


def test_the_file_renders_the_same_pictures_as_the_folder(twins: Twins) -> None:
    loaded = load_checkpoint(twins.file, twins.shelf.installation("mine"), CPU)
    kind = twins.file.architecture
    plan = a_plan(
        prompt="a (red:1.2) fish",
        negative="blurry",
        embeddings=(placed(kind),),
        count=2,
        steps=4,
        width=SIDE,
        height=SIDE,
    )
    ours, theirs = (
        [np.asarray(Image.open(io.BytesIO(file)), np.int64) for file in render(checkpoint, [plan], lambda *_: None)[0]]
        for checkpoint in (loaded, twins.folder)
    )
    assert np.array_equal(ours, theirs)
    assert np.abs(ours[0] - ours[1]).mean() > 1  # the seeds differ, so the pictures aren't blank


def test_prompts_are_counted_with_the_tokenizer_of_the_files_configuration(twins: Twins) -> None:
    planner = Planner(Stock(Library(Catalog(())), twins.shelf, EmbeddingLimits(minimum=0), default_model="mine"))
    assert planner.plan(GenerationRequest(prompt="a red fish")).parameters.prompt_tokens == 3
