"""Embeddings of other formats in the folders are converted once, and follow their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.catalog import Catalog
from embeddings.library import Library
from services.library.conversions import Conversions
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import a1111_pt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "embeddings").mkdir()
    return tmp_path / "embeddings"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "converted"


@pytest.fixture
def conversions(folder: Path, target: Path) -> Conversions:
    return Conversions([folder], target)


def test_a_file_is_converted_once_and_stays_as_it_is(folder: Path, target: Path, conversions: Conversions) -> None:
    data = a1111_pt(rows(3))
    (folder / "bad-things.pt").write_bytes(data)
    conversions.update()
    library = Library(Catalog(()))
    library.scan([folder, target])
    (embedding,) = library
    assert (embedding.id, embedding.num_vectors) == ("bad-things", 3)
    assert (folder / "bad-things.pt").read_bytes() == data
    stamp = embedding.path.stat().st_mtime_ns
    conversions.update()
    Conversions([folder], target).update()  # after a restart
    assert embedding.path.stat().st_mtime_ns == stamp
    assert library.problems == conversions.problems == []


def test_what_was_converted_goes_with_its_file(folder: Path, target: Path, conversions: Conversions) -> None:
    (folder / "one.pt").write_bytes(a1111_pt(rows(3)))
    conversions.update()
    (folder / "one.pt").write_bytes(a1111_pt(rows(4)))
    conversions.update()
    library = Library(Catalog(()))
    library.scan([target])
    assert [embedding.num_vectors for embedding in library] == [4]
    (folder / "one.pt").unlink()
    conversions.update()
    assert list(target.iterdir()) == []


def test_what_cant_be_converted_is_named_once(
    folder: Path, conversions: Conversions, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "evil.pt").write_bytes(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.")
    (folder / "preview.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    for _ in range(2):
        conversions.update()
    (problem,) = conversions.problems
    assert problem.name == "evil.pt"
    assert "os.system" in problem.reason
    assert len(caplog.records) == 1


def test_a_file_that_was_cut_off_is_converted_again(folder: Path, target: Path, conversions: Conversions) -> None:
    (folder / "one.pt").write_bytes(a1111_pt(rows(3)))
    target.mkdir()
    (target / "one.safetensors").write_bytes(b"half")
    conversions.update()
    library = Library(Catalog(()))
    library.scan([target])
    assert [embedding.id for embedding in library] == ["one"]
