"""The table of architectures, and how widths map to architectures."""

from __future__ import annotations

import pytest

from embeddings.architecture import ARCHITECTURES, Architecture, architecture_of_widths


@pytest.mark.parametrize(
    ("widths", "architecture"),
    [
        (768, Architecture.SD1),
        (1024, Architecture.SD2),
        (96, Architecture.DEMO),
        ({"clip_l": 768, "clip_g": 1280}, Architecture.SDXL),
        ({"clip_g": 1280, "clip_l": 768}, Architecture.SDXL),
    ],
)
def test_widths_determine_the_architecture(widths: int | dict[str, int], architecture: Architecture) -> None:
    assert architecture_of_widths(widths) is architecture


@pytest.mark.parametrize(
    "widths", [0, 1, 767, 1280, 2048, 4096, {"clip_l": 1280, "clip_g": 768}, {"clip_g": 1280}, {"t5": 4096}, {}]
)
def test_unknown_widths_have_no_architecture(widths: int | dict[str, int]) -> None:
    assert architecture_of_widths(widths) is None


@pytest.mark.parametrize("architecture", list(Architecture))
def test_every_architecture_has_a_row_and_is_found_by_its_widths(architecture: Architecture) -> None:
    facts = ARCHITECTURES[architecture]
    assert architecture.facts is facts
    assert len(facts.parts) == len(facts.encoders)
    assert architecture_of_widths(facts.encoders) is architecture
    if len(facts.encoders) == 1:
        assert architecture_of_widths(next(iter(facts.encoders.values()))) is architecture
