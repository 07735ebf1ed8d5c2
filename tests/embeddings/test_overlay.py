"""A server's own embeddings over everyone's."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.library import Library
from embeddings.overlay import OverlayLibrary
from tests.builders import a_library, an_entry, embedding_file

ENTRIES = (an_entry("tint", aliases=("cast",)),)


@pytest.fixture
def shared(tmp_path: Path) -> Library:
    return a_library(tmp_path / "shared", ["tint", "blur"], ENTRIES)


@pytest.fixture
def overlay(shared: Library, tmp_path: Path) -> OverlayLibrary:
    own = Library(shared.catalog)
    embedding_file(tmp_path / "own", "Blur", seed=9)
    embedding_file(tmp_path / "own", "moss", seed=8)
    own.scan([tmp_path / "own"])
    return OverlayLibrary(own, shared)


def test_own_embeddings_come_first_and_hide_shared_ones_of_the_same_name(overlay: OverlayLibrary) -> None:
    assert [embedding.id for embedding in overlay] == ["Blur", "moss", "tint"]
    assert len(overlay) == 3
    assert overlay.find("BLUR") is overlay.own.find("blur")
    assert overlay.find("cast") is overlay.shared.find("tint")
    assert overlay.find("fern") is None
    assert overlay.catalog is overlay.shared.catalog


def test_nothing_of_it_is_in_the_shared_library(overlay: OverlayLibrary) -> None:
    assert [embedding.id for embedding in overlay.shared] == ["blur", "tint"]
    assert overlay.shared.find("moss") is None


def test_its_state_changes_with_either_library(overlay: OverlayLibrary, tmp_path: Path) -> None:
    states = {overlay.state}
    for library, folder in ((overlay.own, "own"), (overlay.shared, "shared")):
        library.add(embedding_file(tmp_path / folder, f"new-in-{folder}", seed=7))
        states.add(overlay.state)
    assert len(states) == 3
