"""Installed files: their names, their catalog entries, and what is reported about those that are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from embeddings.catalog import Catalog, CatalogEntry, read_catalog
from embeddings.library import Library, stamps_of
from embeddings.reader import read_file
from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows, tensor_file
from tests.sentences.embeddings import EMPTY, LORA, OTHER_FILE_OF_EASYNEGATIVE, POSITIVE_TWIN


def entry(name: str, **more: object) -> CatalogEntry:
    known = {"id": name, "title": name, "architecture": "sd1", "lineage": "anime", "targets": ["hands"], "rank": 3}
    return CatalogEntry.model_validate({**known, **more})


def scanned(folder: Path, *entries: CatalogEntry) -> Library:
    library = Library(Catalog(entries))
    library.scan([folder])
    return library


def ids(library: Library) -> list[str]:
    return [embedding.id for embedding in library]


def test_every_file_in_the_folders_is_installed_under_its_stem(put: Put, tmp_path: Path) -> None:
    put("BadDream.safetensors")
    put("sdxl.safetensors", tensor_file(pair(3)))
    put(".hidden.safetensors")
    library = scanned(tmp_path)
    library.scan([tmp_path, tmp_path / "absent"])
    assert ids(library) == ["BadDream", "sdxl"]
    assert len(library) == 2
    assert library.problems == []
    sdxl = library.find("sdxl")
    assert sdxl is not None
    assert (sdxl.architecture, sdxl.num_vectors) == (Architecture.SDXL, 3)
    assert (sdxl.title, sdxl.lineage, sdxl.targets, sdxl.strength, sdxl.rank) == ("sdxl", None, (), 1.0, 1000)


@pytest.mark.parametrize("typed", ["BadDream", "baddream", " BADDREAM ", "ＢadDream"])
def test_names_are_found_whatever_their_case_and_width(put: Put, tmp_path: Path, typed: str) -> None:
    put("BadDream.safetensors")
    found = scanned(tmp_path).find(typed)
    assert found is not None
    assert found.id == "BadDream"


def test_a_file_with_a_known_hash_gets_the_catalogs_names(put: Put, tmp_path: Path) -> None:
    path = put("download (3).safetensors")
    known = entry("EasyNegative", hashes=[read_file(path).file_hash[:12]], aliases=["easy"], strength=0.8)
    library = scanned(tmp_path, known)
    assert ids(library) == ["EasyNegative"]
    easy = library.find("EASY")
    assert easy is not None
    assert (easy.entry, easy.lineage, easy.targets, easy.strength, easy.rank) == (known, "anime", ("hands",), 0.8, 3)
    assert easy.aliases == ("easy",)
    assert library.find("download (3)") is None


def test_the_files_own_name_is_an_alias_too(put: Put, tmp_path: Path) -> None:
    path = put("easy_v1.safetensors")
    library = scanned(tmp_path, entry("EasyNegative", hashes=[read_file(path).file_hash]))
    assert library.find("easy_v1") is library.find("EasyNegative") is not None


def test_a_name_is_enough_if_the_catalog_lists_no_hashes(put: Put, tmp_path: Path) -> None:
    put("demo-x.safetensors", tensor_file({"emb_params": rows(2, 96)}))
    known = entry("demo-x", architecture="demo", lineage="demo")
    found = scanned(tmp_path, known).find("demo-x")
    assert found is not None
    assert found.entry == known


def test_a_name_is_not_enough_for_another_architecture(put: Put, tmp_path: Path) -> None:
    put("demo-x.safetensors")
    found = scanned(tmp_path, entry("demo-x", architecture="demo", lineage="demo")).find("demo-x")
    assert found is not None
    assert found.entry is None


def test_a_file_that_only_has_a_known_name_is_installed_with_a_warning(put: Put, tmp_path: Path) -> None:
    put("EasyNegative.safetensors")
    library = scanned(tmp_path, entry("EasyNegative", hashes=["0" * 64]))
    found = library.find("easynegative")
    assert found is not None
    assert found.entry is None
    (problem,) = library.problems
    assert problem.name == "EasyNegative.safetensors"
    assert problem.reason == OTHER_FILE_OF_EASYNEGATIVE


def test_the_known_file_replaces_one_that_only_has_its_name(put: Put, tmp_path: Path) -> None:
    put("EasyNegative.safetensors", seed=1)
    known = put("z-real.safetensors", seed=2)
    library = scanned(tmp_path, entry("EasyNegative", hashes=[read_file(known).file_hash], aliases=["easy"]))
    assert ids(library) == ["EasyNegative"]
    for name in ("EasyNegative", "easy", "z-real"):
        found = library.find(name)
        assert found is not None
        assert found.path == known
    assert library.problems[-1].name == "EasyNegative.safetensors"
    assert "z-real.safetensors" in library.problems[-1].reason


def test_the_same_vectors_under_two_names_have_the_same_content_hash(put: Put, tmp_path: Path) -> None:
    put("one.safetensors")
    put("two.safetensors", tensor_file({"<two>": rows()}, dtype="F16"))
    library = scanned(tmp_path)
    first, second = library
    assert first.file_hash != second.file_hash
    assert first.content_hash == second.content_hash


@pytest.mark.parametrize("other", ["baddream", "BADDREAM", "ＢadDream"])
def test_the_second_file_of_the_same_name_is_skipped(put: Put, tmp_path: Path, other: str) -> None:
    (tmp_path / "second").mkdir()
    put("BadDream.safetensors")
    put(f"second/{other}.safetensors", seed=1)
    library = Library(Catalog())
    library.scan([tmp_path, tmp_path / "second"])
    assert ids(library) == ["BadDream"]
    (problem,) = library.problems
    assert problem.name == f"{other}.safetensors"
    assert problem.reason == "'BadDream' is already installed, from BadDream.safetensors."


@pytest.mark.parametrize("name", ["none", "OFF", "-"])
def test_a_file_named_by_a_reserved_word_is_skipped(put: Put, tmp_path: Path, name: str) -> None:
    put(f"{name}.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == []
    assert "is reserved" in library.problems[0].reason


def test_a_positive_twin_is_installed_beside_its_negative(put: Put, tmp_path: Path) -> None:
    for seed, name in enumerate(("zPDXLxxx", "zPDXLxxx-neg")):
        put(f"{name}.safetensors", tensor_file(pair(4, seed=2 * seed)))
    library = Library(read_catalog())
    library.scan([tmp_path])
    assert sorted(ids(library)) == ["zPDXLxxx", "zPDXLxxx-neg"]
    assert all(embedding.id == embedding.path.stem for embedding in library)


def test_a_known_positive_twin_is_installed_without_the_entry_of_its_negative(put: Put, tmp_path: Path) -> None:
    path = put("twin.safetensors")
    twin = {"name": "twin", "hashes": [read_file(path).file_hash[:12]]}
    library = scanned(tmp_path, entry("twin-neg", positives=[twin]))
    found = library.find("twin")
    assert found is not None
    assert found.entry is None
    assert library.find("twin-neg") is None
    (problem,) = library.problems
    assert problem.reason == POSITIVE_TWIN


@pytest.mark.parametrize(
    "name", ["Bad\u200bDream", "B\u0430dDream", "bad:0.8", "bad, worse", "x" * 70, "bad (1)", "a\nb"]
)
def test_a_file_with_an_invalid_name_is_skipped(put: Put, tmp_path: Path, name: str) -> None:
    put(f"{name}.safetensors", seed=1)
    put("BadDream.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["BadDream"]
    (problem,) = library.problems
    assert "please rename the file" in problem.reason
    assert problem.name.isprintable()


def test_a_broken_file_is_reported_and_the_others_are_loaded(put: Put, tmp_path: Path) -> None:
    put("a-empty.safetensors", b"")
    put("b-lora.safetensors", tensor_file({"lora_te.alpha": rows()}))
    put("c-old.pt", b"\x80\x02.")  # of another format, so it isn't the library's
    (tmp_path / "d-dangling.safetensors").symlink_to(tmp_path / "nowhere")
    put("good.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["good"]
    assert {problem.name: problem.reason for problem in library.problems} == {
        "a-empty.safetensors": EMPTY,
        "b-lora.safetensors": LORA,
    }


def test_a_catalog_file_in_the_folder_is_not_reported(put: Put, tmp_path: Path) -> None:
    put("own.toml", b"")
    put("good.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["good"]
    assert library.problems == []


def test_the_state_changes_with_every_loaded_file_and_no_other(put: Put, tmp_path: Path) -> None:
    library = scanned(tmp_path)
    states = [library.state]
    for name, data in (("a.safetensors", None), ("broken.safetensors", b""), ("b.safetensors", None)):
        library.load(put(name, data))
        states.append(library.state)
    assert states[0] != states[1] == states[2] != states[3]


def test_a_file_that_cant_be_opened_is_reported_without_its_path(tmp_path: Path) -> None:
    library = Library(Catalog())
    assert library.load(tmp_path / "gone.safetensors") is None
    (problem,) = library.problems
    assert problem.name == "gone.safetensors"
    assert str(tmp_path) not in problem.reason
    assert problem.reason == "This file can't be opened: No such file or directory."


def test_changes_in_the_folder_reach_the_library(put: Put, tmp_path: Path) -> None:
    kept, gone, broken = put("kept.safetensors"), put("gone.safetensors"), put("late.safetensors", b"not yet whole")
    library = scanned(tmp_path)
    assert (ids(library), len(library.problems)) == (["gone", "kept"], 1)
    assert not library.update(stamps_of([tmp_path]))
    state = library.state
    gone.unlink()
    broken.write_bytes(kept.read_bytes())
    assert library.update(stamps_of([tmp_path]))
    assert (ids(library), library.problems) == (["kept", "late"], [])
    assert library.state != state
    assert library.find("gone") is None


def test_removing_an_embedding_deletes_its_file_and_its_names(put: Put, tmp_path: Path) -> None:
    path = put("here.safetensors")
    library = scanned(tmp_path)
    found = library.find("HERE")
    assert found is not None
    library.remove(found)
    assert not path.exists()
    assert library.find("here") is None
    assert not library.update(stamps_of([tmp_path]))
