"""The shipped catalog is valid, and a broken entry is reported while the others are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from embeddings.catalog import BUILT_IN, Catalog, CatalogEntry, read_catalog
from embeddings.reader import read_file

DEMO_EMBEDDINGS = Path(__file__).parents[2] / "demo" / "embeddings"

GOOD = """
[[embedding]]
id = "good"
title = "Good"
architecture = "sd1"
lineage = "anime"
targets = ["hands"]
"""


def an_entry(name: str, **more: object) -> CatalogEntry:
    known = {"id": name, "title": name, "architecture": "sd1", "lineage": "sd15", "targets": ["hands"]}
    return CatalogEntry.model_validate({**known, **more})


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return read_catalog()


def test_every_shipped_entry_is_valid(shipped: Catalog) -> None:
    assert shipped.problems == ()
    described = sum(path.read_text(encoding="utf-8").count("[[embedding]]") for path in BUILT_IN.glob("*.toml"))
    assert len(shipped.entries) == described > 0


@pytest.mark.parametrize(
    ("name", "entry_id"),
    [
        ("EasyNegative", "EasyNegative"),
        ("bad-hands-5", "bad-hands-5"),
        ("negative_hand", "negative_hand"),
        ("BadDream", "BadDream"),
        ("UnrealisticDream", "UnrealisticDream"),
        ("UnrealDream", "UnrealisticDream"),
        ("unrealdream", "UnrealisticDream"),
        ("ＥasyNegative", "EasyNegative"),
    ],
)
def test_the_guides_five_embeddings_are_found_by_its_names(shipped: Catalog, name: str, entry_id: str) -> None:
    found = shipped.find(name)
    assert found is not None
    assert found.id == entry_id
    assert found.architecture is Architecture.SD1
    assert found.hashes


def test_every_shipped_demo_embedding_has_an_entry(shipped: Catalog) -> None:
    files = sorted(path.stem for path in DEMO_EMBEDDINGS.glob("*.safetensors"))
    assert len(files) >= 3
    for name in files:
        found = shipped.find(name)
        assert found is not None
        assert found.architecture is read_file(DEMO_EMBEDDINGS / f"{name}.safetensors").embedding.architecture


def test_shipped_entries_refer_to_other_entries_that_exist(shipped: Catalog) -> None:
    for entry in shipped:
        for name in (*entry.conflicts, *entry.contains, *entry.goes_with):
            assert shipped.find(name) not in (None, entry), f"{entry.id} names {name}"


def test_no_two_shipped_entries_share_a_name_or_a_hash(shipped: Catalog) -> None:
    names = [name.casefold() for entry in shipped for name in {entry.id, *entry.aliases}]
    assert len(names) == len(set(names))
    hashes = [known[:12].casefold() for entry in shipped for known in entry.hashes]
    assert len(hashes) == len(set(hashes))


def test_entries_are_ordered_by_rank(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        GOOD + GOOD.replace('"good"', '"better"') + "rank = 1\n" + GOOD.replace('"good"', '"Also"'), encoding="utf-8"
    )
    assert [entry.id for entry in read_catalog([tmp_path])] == ["better", "Also", "good"]


def test_a_file_belongs_to_an_entry_by_its_hash() -> None:
    full = "c74b4e810b030f6b75fde959e2db678c268d07115b85356d3c0138ba5eb42340"
    catalog = Catalog((an_entry("short", hashes=["66A7279A88DD"]), an_entry("full", hashes=[full])))
    for file_hash, name in ((full, "full"), ("66a7279a88dd" + "0" * 52, "short")):
        found = catalog.identify(file_hash)
        assert found is not None
        assert found.id == name
    assert catalog.identify("66a7279a88de" + "0" * 52) is None
    assert catalog.identify(full[:-1] + "1") is None


def test_the_id_of_an_entry_takes_precedence_over_a_later_entrys_alias() -> None:
    catalog = Catalog((an_entry("first", aliases=["Common"]), an_entry("second", aliases=["common", "FIRST"])))
    found = [catalog.find(name) for name in ("COMMON", "first", "second", "nobody")]
    assert [entry.id if entry else None for entry in found] == ["first", "first", "second", None]


@pytest.mark.parametrize(
    ("broken", "name", "reason"),
    [
        ('id = "bad id"', "bad.toml: bad id", "id: string should match pattern"),
        ('id = "bad"', "bad.toml: bad", "title: field required"),
        (GOOD.split("\n", 2)[2].replace('"sd1"', '"sd9"'), "bad.toml: good", "architecture: input should be"),
        (
            GOOD.split("\n", 2)[2] + "strength = 3",
            "bad.toml: good",
            "strength: input should be less than or equal to 2",
        ),
        (GOOD.split("\n", 2)[2] + 'hashes = [""]', "bad.toml: good", "hashes.0: string should match pattern"),
        (GOOD.split("\n", 2)[2] + 'hashes = ["abc"]', "bad.toml: good", "hashes.0: string should match pattern"),
        (GOOD.split("\n", 2)[2] + "targets_ = 1", "bad.toml: good", "targets_: extra inputs are not permitted"),
        ('title = "no id"', "bad.toml: entry 1", "id: field required"),
    ],
)
def test_a_broken_entry_is_reported_and_the_others_are_kept(
    tmp_path: Path, broken: str, name: str, reason: str
) -> None:
    (tmp_path / "bad.toml").write_text(f"[[embedding]]\n{broken}\n{GOOD.replace('good', 'other')}", encoding="utf-8")
    (tmp_path / "fine.toml").write_text(GOOD.replace("good", "third"), encoding="utf-8")
    catalog = read_catalog([tmp_path])
    assert [entry.id for entry in catalog] == ["other", "third"]
    (problem,) = catalog.problems
    assert problem.name == name
    assert problem.reason.startswith(reason)


@pytest.mark.parametrize(
    "content",
    [
        b"[[embedding]\n",
        b"\xff\xfe",
        b"embedding = 5",
        b"embedding = [1, 2]",
        b'embedding = "x"',
        b"[embedding]\nid = 1",
    ],
)
def test_a_broken_file_is_reported_and_the_others_are_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    (tmp_path / "b.toml").mkdir()
    (tmp_path / "c.toml").write_text(GOOD, encoding="utf-8")
    catalog = read_catalog([tmp_path, tmp_path / "absent"])
    assert [entry.id for entry in catalog] == ["good"]
    assert {problem.name.partition(":")[0] for problem in catalog.problems} == {"a.toml", "b.toml"}
    assert all(str(tmp_path) not in problem.reason for problem in catalog.problems)


def test_the_first_of_two_entries_with_the_same_id_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD + GOOD.replace('"good"', '"GOOD"').replace("anime", "pony"), encoding="utf-8")
    catalog = read_catalog([tmp_path])
    assert [entry.lineage for entry in catalog] == ["anime"]
    assert catalog.problems[0].reason == "Another entry already has this id, so this one is ignored."
