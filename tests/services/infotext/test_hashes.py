"""Which embedding a hash means."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.catalog import read_catalog
from embeddings.library import Library
from embeddings.writer import SOURCE_HASH, write_file
from services.infotext.hashes import Standing, look_up
from tests.builders import a_library, an_embedding, an_entry, embedding_file

#: a SHA-256 as the catalog has it
EASY = "c74b4e810b030f6b75fde959e2db678c268d07115b85356d3c0138ba5eb42340"
SOURCE = "ab" * 32


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """One file of its own, one converted from another, and two entries without a file."""
    write_file(tmp_path / "made.safetensors", an_embedding(seed=8), title="made", provenance={SOURCE_HASH: SOURCE})
    entries = [an_entry("EasyNegative", hashes=(EASY, "66a7279a88dd")), an_entry("badhandv4", hashes=("5e40d722fc3d",))]
    return a_library(tmp_path, ["own"], entries)


def hash_of(library: Library, name: str) -> str:
    found = library.find(name)
    assert found is not None
    return found.file_hash


@pytest.mark.parametrize("digits", [10, 12, 64])
def test_a_file_is_known_by_however_many_digits_programs_write(library: Library, digits: int) -> None:
    found = look_up("own", hash_of(library, "own")[:digits], library)
    assert found.standing is Standing.INSTALLED
    assert found.sentence == "own, installed"


@pytest.mark.parametrize("digits", [10, 12, 64])
def test_a_conversion_is_known_by_the_hash_of_its_source(library: Library, digits: int) -> None:
    assert look_up("made", SOURCE[:digits], library).sentence == "made, installed"


@pytest.mark.parametrize("digits", [EASY[:10], EASY[:12], EASY, "66a7279a88", "66a7279a88dd" + "0" * 52])
def test_the_catalog_knows_embeddings_that_are_not_installed(library: Library, digits: int) -> None:
    assert look_up("EasyNegative", str(digits), library).sentence == "EasyNegative, known, not installed"


def test_the_hash_wins_over_the_name(library: Library) -> None:
    found = look_up("own", EASY[:12], library)
    assert found.id == "EasyNegative"
    assert found.sentence == "EasyNegative (called own there), known, not installed"


def test_an_unknown_hash_does_not_hide_what_the_name_says(library: Library) -> None:
    known = look_up("easynegative", "0123456789ab", library)
    assert (known.standing, known.is_other_file) == (Standing.KNOWN, True)
    assert known.sentence == "EasyNegative, known, not installed, another file"
    own = look_up("OWN", "0123456789ab", library)
    assert (own.standing, own.is_other_file) == (Standing.INSTALLED, True)
    assert own.sentence == "own, installed, another file"


def test_every_curated_name_is_known_with_any_hash() -> None:
    library = Library(read_catalog())
    for entry in library.catalog:
        for digits in ("", "0123456789ab", *entry.hashes):
            found = look_up(entry.id, digits, library)
            assert (found.standing, found.entry) == (Standing.KNOWN, entry)
            assert found.is_other_file is (digits == "0123456789ab")


def test_an_unknown_embedding_is_named_with_its_hash(library: Library) -> None:
    assert look_up("stranger", "5e40d7000000", library).sentence == "stranger: unknown 5e40d7…"


@pytest.mark.parametrize("digits", ["", "c74b4e81"])
def test_with_too_few_digits_the_name_decides(library: Library, digits: str) -> None:
    assert look_up("OWN", digits, library).sentence == "own, installed"
    assert look_up("badhandv4", digits, library).sentence == "badhandv4, known, not installed"
    assert look_up("stranger", digits, library).sentence == "stranger: unknown"


def test_another_file_of_an_installed_embedding_is_told_apart(tmp_path: Path) -> None:
    path = embedding_file(tmp_path, "EasyNegative", seed=3)
    own = a_library(tmp_path).find("EasyNegative")
    assert own is not None
    library = a_library(tmp_path, [], [an_entry("EasyNegative", hashes=(own.file_hash, "66a7279a88dd"))])
    assert path.exists()
    assert not look_up("EasyNegative", own.file_hash[:12], library).is_other_file
    other = look_up("EasyNegative", "66a7279a88dd", library)
    assert (other.standing, other.is_other_file) == (Standing.INSTALLED, True)
    assert other.sentence == "EasyNegative, installed, another file"
