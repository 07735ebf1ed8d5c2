"""Reading catalogs: a broken entry is reported and the others are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.catalog import Catalog, CatalogEntry, read_catalog

GOOD = """
[[embedding]]
id = "good"
title = "Good"
architecture = "sd1"
lineage = "anime"
targets = ["hands"]
"""
#: the same entry without its header
FIELDS = GOOD.split("\n", 2)[2]


def pinned(url: str, sha256: str, more: str = "") -> str:
    """A download as a catalog file has it."""
    return f'[[embedding.downloads]]\nurl = "{url}"\nsha256 = "{sha256}"\n{more}\n'


def an_entry(name: str, **more: object) -> CatalogEntry:
    known = {"id": name, "title": name, "architecture": "sd1", "lineage": "sd15", "targets": ["hands"]}
    return CatalogEntry.model_validate({**known, **more})


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
        (FIELDS.replace('"sd1"', '"sd9"'), "bad.toml: good", "architecture: input should be"),
        (
            FIELDS + "strength = 3",
            "bad.toml: good",
            "strength: input should be less than or equal to 2",
        ),
        (FIELDS + 'hashes = [""]', "bad.toml: good", "hashes.0: string should match pattern"),
        (FIELDS + 'hashes = ["abc"]', "bad.toml: good", "hashes.0: string should match pattern"),
        (FIELDS + "targets_ = 1", "bad.toml: good", "targets_: extra inputs are not permitted"),
        ('title = "no id"', "bad.toml: entry 1", "id: field required"),
        (FIELDS + "vectors = 76", "bad.toml: good", "vectors: input should be less than or equal to 75"),
        (FIELDS + 'aliases = ["ＮＯＮＥ"]', "bad.toml: good", "'none' is a reserved word, not a name."),
        (
            FIELDS + 'aliases = ["twin"]\npositives = [{ name = "Twin" }]',
            "bad.toml: good",
            "'Twin' can't be a name of the negative and of the positive embedding.",
        ),
        (FIELDS + pinned("http://a.example/b", "a" * 64), "bad.toml: good", "downloads.0.url: string should match"),
        (FIELDS + pinned("https://a.example/b", "a" * 12), "bad.toml: good", "downloads.0.sha256: string should match"),
        (
            FIELDS + pinned("https://a.example/b", "a" * 64, "size = 0"),
            "bad.toml: good",
            "downloads.0.size: input should be greater than 0",
        ),
        (
            FIELDS + pinned("https://a.example/b", "a" * 64),
            "bad.toml: good",
            "The hash of https://a.example/b isn't listed in hashes.",
        ),
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
