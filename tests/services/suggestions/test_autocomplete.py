"""Autocomplete: only what fits, nothing twice, the best first, and always something that can be submitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from embeddings.library import Library
from services.checkpoints import CfgMode, Shelf
from services.suggestions.autocomplete import MAX_CHOICE_CHARACTERS, MAX_CHOICES, Suggestions
from tests.builders import a_checkpoint, a_library, a_shelf, an_entry, embedding_file

ENTRIES = (
    an_entry("watermark", targets=("watermark", "text"), aliases=("stamp",), rank=2),
    an_entry("anatomy", title="Anatomy Helper", targets=("deformed hands", "extra fingers"), rank=3),
    an_entry("washed", targets=("low contrast",), rank=9),
    an_entry("cast", targets=("tint",), rank=9),
    an_entry("EasyNegative", Architecture.SD1),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "watermark-copy", seed=1)
    return a_library(folder, ["watermark", "anatomy", "washed", "cast", "plain"], ENTRIES)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return a_shelf(
        tmp_path_factory.mktemp("checkpoints"),
        a_checkpoint(recommended=("washed",), aliases=("tiny",)),
        a_checkpoint("sd15", Architecture.SD1, title="Stable Diffusion 1.5"),
        a_checkpoint("turbo", cfg_mode=CfgMode.DISTILLED, max_side=64, min_side=64),
        missing=[a_checkpoint("sdxl", Architecture.SDXL)],
    )


@pytest.fixture(scope="module")
def suggestions(shelf: Shelf, library: Library) -> Suggestions:
    return Suggestions(shelf=shelf, library=library, default_model="demo")


def offered(suggestions: Suggestions, typed: str = "", **more) -> list[str]:
    return [one.value for one in suggestions.embeddings(typed, **{"model": None, **more})]


def test_only_what_fits_the_chosen_model_is_offered_the_best_first(suggestions: Suggestions) -> None:
    everything = ["washed", "watermark", "anatomy", "cast", "plain", "watermark-copy"]
    assert offered(suggestions) == everything
    assert offered(suggestions, model="TINY") == everything
    assert offered(suggestions, model="sd15") == ["EasyNegative"]
    assert offered(suggestions, model="turbo") == []
    assert offered(suggestions, model="no such model") == []


def test_use_in_this_server_decides_among_equals_and_no_more(suggestions: Suggestions) -> None:
    uses = {"plain": 1, "watermark-copy": 5, "cast": 50}
    assert offered(suggestions, uses=uses) == ["washed", "watermark", "anatomy", "cast", "watermark-copy", "plain"]


def test_nothing_is_offered_twice(suggestions: Suggestions) -> None:
    assert offered(suggestions, picked=["WASHED:0.8", "anatomy"]) == ["watermark", "cast", "plain", "watermark-copy"]


def test_where_all_that_matches_is_picked_the_others_are_offered(suggestions: Suggestions) -> None:
    assert offered(suggestions, "anatomy", picked=["anatomy"]) == [
        "washed",
        "watermark",
        "cast",
        "plain",
        "watermark-copy",
    ]


def test_the_same_content_under_another_name_counts_as_picked(suggestions: Suggestions) -> None:
    assert not {"watermark", "watermark-copy"} & set(offered(suggestions, picked=["stamp"]))


@pytest.mark.parametrize(
    ("typed", "first"),
    [("anat", "anatomy"), ("HELPER", "anatomy"), ("stamp", "watermark"), ("hands", "anatomy"), ("tint", "cast")],
)
def test_id_title_alias_and_target_match(suggestions: Suggestions, typed: str, first: str) -> None:
    assert offered(suggestions, typed)[0] == first


@pytest.mark.parametrize(
    ("typed", "first"), [("watermrak", "watermark"), ("figners", "anatomy"), ("anatmoy", "anatomy")]
)
def test_typing_errors_match(suggestions: Suggestions, typed: str, first: str) -> None:
    assert offered(suggestions, typed)[0] == first


def test_what_does_not_match_is_left_out(suggestions: Suggestions) -> None:
    assert offered(suggestions, "hands") == ["anatomy"]


def test_where_nothing_matches_everything_is_offered(suggestions: Suggestions) -> None:
    assert offered(suggestions, "qqqqqq") == offered(suggestions)


def test_a_strength_that_is_being_typed_is_kept(suggestions: Suggestions) -> None:
    assert offered(suggestions, "waterm:0.8")[0] == "watermark:0.8"
    assert offered(suggestions, "waterm:" + "8" * 200)[0] == "watermark"


def test_a_choice_tells_targets_vectors_and_recommendation(suggestions: Suggestions) -> None:
    names = [one.name for one in suggestions.embeddings("", model="demo")]
    assert names[0] == "★ washed · low contrast · 2 vectors"
    assert names[4] == "plain · no description · 2 vectors"


def test_a_single_letter_that_occurs_in_what_is_typed_is_no_match(tmp_path: Path, shelf: Shelf) -> None:
    found = Suggestions(shelf=shelf, library=a_library(tmp_path, ["a", "water"]), default_model="demo")
    assert offered(found, "watermark") == ["water"]


@given(st.text(max_size=120), st.lists(st.text(max_size=20), max_size=3), st.sampled_from([None, "demo", "sd15", "?"]))
def test_whatever_is_typed_each_choice_can_be_sent_and_submitted(
    suggestions: Suggestions, library: Library, typed: str, picked: list[str], model: str | None
) -> None:
    found = suggestions.embeddings(typed, model=model, picked=picked)
    assert len(found) <= MAX_CHOICES
    for one in found:
        assert 1 <= len(one.name) <= MAX_CHOICE_CHARACTERS
        assert 1 <= len(one.value) <= MAX_CHOICE_CHARACTERS
        assert library.find(one.value.partition(":")[0]) is not None


def test_at_most_25_are_offered_and_long_descriptions_are_cut(tmp_path: Path, shelf: Shelf) -> None:
    names = [f"{number:02d}-{'x' * 50}" for number in range(30)]
    entry = an_entry("long-targets", targets=("a very long description of what is avoided",) * 9, rank=1)
    library = a_library(tmp_path, [*names, "long-targets"], [entry])
    found = Suggestions(shelf=shelf, library=library, default_model="demo").embeddings("", model=None)
    assert len(found) == MAX_CHOICES
    assert found[0].value == "long-targets"
    assert found[0].name.endswith("…")
    assert all(len(one.name) <= MAX_CHOICE_CHARACTERS for one in found)
    assert [one.value for one in found[1:]] == names[:24]


def test_one_of_thousands_is_found(tmp_path: Path, shelf: Shelf) -> None:
    data = embedding_file(tmp_path / "one", "any").read_bytes()
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2_000):
        (folder / f"style-{number}.safetensors").write_bytes(data)
    found = Suggestions(shelf=shelf, library=a_library(folder), default_model="demo")
    assert offered(found, "style-1876")[0] == "style-1876"
    assert len(offered(found, "style")) == MAX_CHOICES


def test_models_match_by_any_name_and_only_installed_ones_are_offered(suggestions: Suggestions) -> None:
    assert [one.value for one in suggestions.models("")] == ["demo", "sd15", "turbo"]
    assert [one.value for one in suggestions.models("stable dif")] == ["sd15"]
    assert [one.value for one in suggestions.models("tiny")] == ["demo"]
    assert suggestions.models("demo")[0].name == "Demo · demo"


def test_sizes_are_those_the_model_takes_each_once(suggestions: Suggestions) -> None:
    assert [one.value for one in suggestions.sizes(None)] == ["64x64", "64x96", "96x64"]
    assert [one.value for one in suggestions.sizes("sd15")] == ["512x512", "512x768", "768x512"]
    assert [one.name for one in suggestions.sizes("turbo")] == ["64 × 64, square"]
    assert suggestions.sizes("no such model") == []
