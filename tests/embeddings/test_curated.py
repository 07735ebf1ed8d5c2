"""The shipped catalog: valid entries, true facts about known files, and no positive embedding taken for a negative one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from embeddings.architecture import Architecture
from embeddings.catalog import BUILT_IN, Catalog, read_catalog
from embeddings.reader import read_file
from tests.builders import DEMO_EMBEDDINGS

#: real files that were read: a name that each goes by, the start of its SHA-256, and its number of vectors
FILES_SEEN = [
    ("EasyNegative", "c74b4e810b030f6b", 8),
    ("EasyNegative", "66a7279a88dd0cb1", 8),
    ("EasyNegativeV2", "339cc9210f70ef84", 16),
    ("bad-hands-5", "aa7651be154c46a2", 2),
    ("badhandv4", "5e40d722fc3d0c2d", 6),
    ("negative_hand-neg", "73b524a2da121eb1", 8),
    ("bad_prompt_version2", "6f35e7dd816ae04b", 8),
    ("bad_prompt_version2-neg", "6f35e7dd816ae04b", 8),
    ("BadDream", "758aac44351557cc", 69),
    ("UnrealisticDream", "a77451e7ea075c7f", 37),
    ("FastNegativeV2", "a7465e7cc2a2a275", 67),
    ("FastNegativeEmbedding", "687b669d8234a418", 52),
    ("CyberRealistic_Negative-neg", "65f3ea567c04c22f", 64),
    ("ng_deepnegative_v1_75t", "54e7e4826d53949a", 75),
    ("verybadimagenegative_v1.3", "d70463f87042e2b5", 10),
    ("bad-image-v2-39000", "5b9281d7c6adc221", 4),
    ("bad-picture-chill-75v", "7d9cc5f549d7972f", 75),
    ("unaestheticXLv31", "75fa9a0423a19c56", 8),
    ("bad-artist", "2d356134903e8f47", 2),
    ("By bad artist -neg", "2d356134903e8f47", 2),
    ("bad-artist-anime", "5f7bea88750c97a0", 2),
    ("epiCNegative", "88b8f468357b", 74),
    ("zPDXLxxx-neg", "c01180e3bcc5", 4),
    ("Asian-Less-Neg", "22d2f003e76f", 5),
]


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


#: what a name says of itself: such a stem isn't the name of a positive twin
SAYS_NEGATIVE = re.compile("neg|bad", re.IGNORECASE)


def test_no_negative_goes_by_the_name_of_its_positive_twin(shipped: Catalog) -> None:
    for entry in shipped:
        for name in entry.names:
            stem = re.sub(r"[-_ ]*neg(ative)?$", "", name, flags=re.IGNORECASE)
            if stem not in ("", name) and not SAYS_NEGATIVE.search(stem):
                assert shipped.find(stem) is None, f"'{stem}' resolves to {entry.id}, but may be a positive embedding"
        for positive in entry.positives:
            assert shipped.find(positive.name) is None
            assert all(shipped.identify(known) is None for known in positive.hashes)


@pytest.mark.parametrize(
    ("file_hash", "entry_id"),
    [
        ("000e2b1616e9", "zPDXLxxx-neg"),
        ("1727c6cddf61daa7487340212c9ba8b4522579cf011e2ef5f269ad1d8b072c2d", "zPDXLxxx-neg"),
    ],
)
def test_known_positive_embeddings_are_recognised(shipped: Catalog, file_hash: str, entry_id: str) -> None:
    negative = shipped.negative_of(file_hash)
    assert negative is not None
    assert negative.id == entry_id
    assert shipped.negative_of("0" * 64) is None


def test_embeddings_that_change_apparent_age_arent_listed(shipped: Catalog) -> None:
    listed = [
        name
        for entry in shipped
        for name in entry.names
        if re.match(r"as-?(young|adult)|safe_neg", name, re.IGNORECASE)
    ]
    assert listed == []


@pytest.mark.parametrize(("name", "digits", "vectors"), FILES_SEEN)
def test_known_files_have_their_entry_and_number_of_vectors(
    shipped: Catalog, name: str, digits: str, vectors: int
) -> None:
    entry = next(entry for entry in shipped if any(known.startswith(digits) for known in entry.hashes))
    assert entry is shipped.find(name)
    assert entry.vectors == vectors


def test_the_two_versions_of_fastnegative_are_two_embeddings(shipped: Catalog) -> None:
    first, second = shipped.find("FastNegativeEmbedding"), shipped.find("FastNegativeV2")
    assert first is not None
    assert second is not None
    assert (first.vectors, second.vectors) == (52, 67)
    assert second.id in first.conflicts
    assert first.id in second.conflicts


def test_every_shipped_download_is_pinned_to_a_known_file(shipped: Catalog) -> None:
    downloads = [(entry, download) for entry in shipped for download in entry.downloads]
    assert len(downloads) >= 20
    for entry, download in downloads:
        assert download.sha256 in entry.hashes
        assert urlsplit(download.url).hostname in ("huggingface.co", "civitai.com")
