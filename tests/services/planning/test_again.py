"""From a plan back to a request that makes the same plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from services.planning.again import mended, request_of
from services.planning.planner import Planner
from services.remedies import Remedy
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, choices


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    shelf = a_shelf(tmp_path / "checkpoints", a_checkpoint(cfg=6.0))
    (tmp_path / "embeddings").mkdir()
    library = a_library(tmp_path / "embeddings", ["blur", "tint"])
    return Planner(a_stock(library, shelf, limits=EmbeddingLimits(0, 3)))


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("names", [("blur:0.8", "tint"), ("none",)])
def test_the_request_of_a_plan_makes_the_same_plan(planner: Planner, names: tuple[str, ...], count: int) -> None:
    asked = GenerationRequest(prompt="a fish", embeddings=choices(*names), cfg=3.5, size="48x80", seed=7, count=count)
    plan = planner.plan(asked).parameters
    assert planner.plan(request_of(plan)).parameters == plan


def test_a_remedy_changes_what_it_names_and_nothing_else() -> None:
    request = GenerationRequest(prompt="a fish", embeddings=choices("a", "b:0.5"), cfg=1.0)
    assert mended(request, Remedy("…", {"cfg": 6.0})) == replace(request, cfg=6.0)
    assert mended(request, Remedy("…", {"embeddings": ["c:0.5"]})) == replace(request, embeddings=choices("c:0.5"))
