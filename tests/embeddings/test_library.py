"""Installed files: their names, whom they belong to, and what is said of those that are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from embeddings.catalog import Catalog, CatalogEntry
from embeddings.library import Library, stamps_of
from embeddings.reader import read_file
from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows, tensor_file


def entry(name: str, **more: object) -> CatalogEntry:
    known = {"id": name, "title": name, "architecture": "sd1", "lineage": "anime", "targets": ["hands"], "rank": 3}
    return CatalogEntry.model_validate({**known, **more})


def scanned(folder: Path, *entries: CatalogEntry) -> Library:
    library = Library(Catalog(entries))
    library.scan([folder])
    return library


def ids(library: Library) -> list[str]:
    return [one.id for one in library]


def test_every_file_of_the_folders_is_installed_under_its_stem(put: Put, tmp_path: Path) -> None:
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
def test_case_and_width_of_a_name_do_not_matter(put: Put, tmp_path: Path, typed: str) -> None:
    put("BadDream.safetensors")
    found = scanned(tmp_path).find(typed)
    assert found is not None
    assert found.id == "BadDream"


def test_a_file_known_by_its_hash_has_the_catalogs_names_whatever_it_is_called(put: Put, tmp_path: Path) -> None:
    path = put("download (3).safetensors")
    known = entry("EasyNegative", hashes=[read_file(path).file_hash[:12]], aliases=["easy"], strength=0.8)
    library = scanned(tmp_path, known)
    assert ids(library) == ["EasyNegative"]
    one = library.find("EASY")
    assert one is not None
    assert (one.entry, one.lineage, one.targets, one.strength, one.rank) == (known, "anime", ("hands",), 0.8, 3)
    assert one.aliases == ("easy",)
    assert library.find("download (3)") is None


def test_the_name_of_the_file_is_an_alias_too(put: Put, tmp_path: Path) -> None:
    path = put("easy_v1.safetensors")
    library = scanned(tmp_path, entry("EasyNegative", hashes=[read_file(path).file_hash]))
    assert library.find("easy_v1") is library.find("EasyNegative") is not None


def test_a_name_alone_is_enough_where_the_catalog_knows_no_hash(put: Put, tmp_path: Path) -> None:
    put("demo-x.safetensors", tensor_file({"emb_params": rows(2, 96)}))
    known = entry("demo-x", architecture="demo", lineage="demo")
    one = scanned(tmp_path, known).find("demo-x")
    assert one is not None
    assert one.entry == known


def test_a_name_alone_is_not_enough_for_another_architecture(put: Put, tmp_path: Path) -> None:
    put("demo-x.safetensors")
    one = scanned(tmp_path, entry("demo-x", architecture="demo", lineage="demo")).find("demo-x")
    assert one is not None
    assert one.entry is None


def test_a_file_that_only_bears_a_known_name_is_installed_with_a_warning(put: Put, tmp_path: Path) -> None:
    put("EasyNegative.safetensors")
    library = scanned(tmp_path, entry("EasyNegative", hashes=["0" * 64]))
    one = library.find("easynegative")
    assert one is not None
    assert one.entry is None
    (problem,) = library.problems
    assert problem.name == "EasyNegative.safetensors"
    assert problem.reason.startswith("It bears the name of 'EasyNegative', but its content is another")


def test_the_known_file_goes_before_one_that_only_bears_its_name(put: Put, tmp_path: Path) -> None:
    put("EasyNegative.safetensors", seed=1)
    known = put("z-real.safetensors", seed=2)
    library = scanned(tmp_path, entry("EasyNegative", hashes=[read_file(known).file_hash], aliases=["easy"]))
    assert ids(library) == ["EasyNegative"]
    for name in ("EasyNegative", "easy", "z-real"):
        one = library.find(name)
        assert one is not None
        assert one.path == known
    assert library.problems[-1].name == "EasyNegative.safetensors"
    assert "z-real.safetensors" in library.problems[-1].reason


def test_the_same_vectors_under_two_names_are_told_by_their_content(put: Put, tmp_path: Path) -> None:
    put("one.safetensors")
    put("two.safetensors", tensor_file({"<two>": rows()}, dtype="F16"))
    library = scanned(tmp_path)
    one, two = library
    assert one.file_hash != two.file_hash
    assert one.content_hash == two.content_hash


@pytest.mark.parametrize("other", ["baddream", "BADDREAM", "ＢadDream"])
def test_the_second_file_of_one_name_is_left_out(put: Put, tmp_path: Path, other: str) -> None:
    (tmp_path / "second").mkdir()
    put("BadDream.safetensors")
    put(f"second/{other}.safetensors", seed=1)
    library = Library(Catalog())
    library.scan([tmp_path, tmp_path / "second"])
    assert ids(library) == ["BadDream"]
    (problem,) = library.problems
    assert problem.name == f"{other}.safetensors"
    assert problem.reason == "'BadDream' is installed already, from BadDream.safetensors."


@pytest.mark.parametrize(
    "name", ["Bad\u200bDream", "B\u0430dDream", "bad:0.8", "bad, worse", "x" * 70, "bad (1)", "a\nb"]
)
def test_a_name_that_is_hard_to_type_or_taken_for_another_is_left_out(put: Put, tmp_path: Path, name: str) -> None:
    put(f"{name}.safetensors", seed=1)
    put("BadDream.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["BadDream"]
    (problem,) = library.problems
    assert "please rename the file" in problem.reason
    assert problem.name.isprintable()


def test_a_broken_file_is_named_and_does_not_hinder_the_others(put: Put, tmp_path: Path) -> None:
    put("a-empty.safetensors", b"")
    put("b-lora.safetensors", tensor_file({"lora_te.alpha": rows()}))
    put("c-old.pt", b"\x80\x02.")
    (tmp_path / "d-dangling.safetensors").symlink_to(tmp_path / "nowhere")
    put("good.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["good"]
    assert {problem.name: problem.reason for problem in library.problems} == {
        "a-empty.safetensors": "The file is empty.",
        "b-lora.safetensors": "This is a LoRA, not an embedding.",
        "c-old.pt": "Only .safetensors files are read, and this is a '.pt'.",
    }


def test_a_catalog_beside_the_files_is_no_broken_embedding(put: Put, tmp_path: Path) -> None:
    put("own.toml", b"")
    put("good.safetensors")
    library = scanned(tmp_path)
    assert ids(library) == ["good"]
    assert library.problems == []


def test_the_state_changes_with_every_file_taken_in_and_with_no_other(put: Put, tmp_path: Path) -> None:
    library = scanned(tmp_path)
    states = [library.state]
    for name, data in (("a.safetensors", None), ("broken.safetensors", b""), ("b.safetensors", None)):
        library.install(put(name, data))
        states.append(library.state)
    assert states[0] != states[1] == states[2] != states[3]


def test_a_file_that_cannot_be_opened_is_named_without_its_path(tmp_path: Path) -> None:
    library = Library(Catalog())
    assert library.install(tmp_path / "gone.safetensors") is None
    (problem,) = library.problems
    assert problem.name == "gone.safetensors"
    assert str(tmp_path) not in problem.reason
    assert problem.reason == "It cannot be opened: No such file or directory."


def test_what_changes_in_the_folder_changes_in_the_library(put: Put, tmp_path: Path) -> None:
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


def test_a_removed_embedding_is_gone_with_its_file_and_its_names(put: Put, tmp_path: Path) -> None:
    path = put("here.safetensors")
    library = scanned(tmp_path)
    found = library.find("HERE")
    assert found is not None
    library.remove(found)
    assert not path.exists()
    assert library.find("here") is None
    assert not library.update(stamps_of([tmp_path]))
