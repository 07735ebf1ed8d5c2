"""Autocomplete: only embeddings that fit, none twice, the best first, and each can be submitted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from services.checkpoints import CfgMode, Shelf
from services.choices import parse_choice
from services.stock import Stock, Stocks
from services.suggestions.autocomplete import Suggestions
from services.suggestions.ranking import Habits
from services.suggestions.suggestion import MAX_CHOICE_CHARACTERS, MAX_CHOICES
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry, embedding_file

ENTRIES = (
    an_entry("watermark", targets=("watermark", "text"), aliases=("stamp",), rank=2),
    an_entry("anatomy", title="Anatomy Helper", targets=("deformed hands", "extra fingers"), rank=3),
    an_entry("washed", targets=("low contrast",), rank=9),
    an_entry("cast", targets=("tint",), rank=9),
    an_entry("EasyNegative", Architecture.SD1),
)


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
def stock(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Stock:
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "watermark-copy", seed=1)  # the seed of "watermark"
    library = a_library(folder, ["watermark", "anatomy", "washed", "cast", "plain"], ENTRIES)
    return a_stock(library, shelf)


@pytest.fixture(scope="module")
def suggestions(stock: Stock) -> Suggestions:
    return Suggestions(Stocks(stock))


def offered(suggestions: Suggestions, typed: str = "", **more) -> list[str]:
    return [suggestion.value for suggestion in suggestions.embeddings(typed, **{"model": None, **more})]


def test_only_embeddings_that_fit_the_chosen_model_are_offered_the_best_first(suggestions: Suggestions) -> None:
    everything = ["washed", "watermark", "anatomy", "cast", "plain", "watermark-copy"]
    assert offered(suggestions) == everything
    assert offered(suggestions, model="TINY") == everything
    assert offered(suggestions, model="sd15") == ["EasyNegative"]
    assert offered(suggestions, model="turbo") == []
    assert offered(suggestions, model="no such model") == []


def test_uses_in_this_server_decide_only_among_equals(suggestions: Suggestions) -> None:
    uses = {"plain": 1, "watermark-copy": 5, "cast": 50}
    assert offered(suggestions, habits=Habits(uses)) == [
        "washed",
        "watermark",
        "anatomy",
        "cast",
        "watermark-copy",
        "plain",
    ]


@pytest.mark.parametrize(
    "picked",
    [
        ["WASHED:0.8", "anatomy"],
        ["(washed:0.8)", "embedding:anatomy"],
        ["washed.safetensors", "<anatomy>"],
        ["washed, anatomy:0,8"],
        ["★ washed · low contrast · 2 vectors", "anatomy:"],
    ],
)
def test_no_embedding_is_offered_twice(suggestions: Suggestions, picked: list[str]) -> None:
    assert offered(suggestions, picked=picked) == ["watermark", "cast", "plain", "watermark-copy"]


def test_if_every_match_is_already_picked_the_others_are_offered(suggestions: Suggestions) -> None:
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


def test_embeddings_that_do_not_match_are_left_out(suggestions: Suggestions) -> None:
    assert offered(suggestions, "hands") == ["anatomy"]


def test_if_nothing_matches_everything_is_offered(suggestions: Suggestions) -> None:
    assert offered(suggestions, "qqqqqq") == offered(suggestions)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("waterm:0.8", "watermark:0.8"),
        ("waterm:0,85", "watermark:0.85"),
        ("(waterm:1.2)", "watermark:1.2"),
        ("(waterm:1.2", "watermark:1.2"),
        ("embedding:waterm", "watermark"),
        ("(embedding:waterm:1.2", "watermark:1.2"),
        ("<waterm", "watermark"),
        ("[waterm]", "watermark:0.9091"),
        # not a strength, or not yet
        ("waterm:", "watermark"),
        ("waterm:x", "watermark"),
        ("waterm:3", "watermark"),
        ("(waterm:", "watermark"),
        ("waterm:" + "8" * 200, "watermark"),
    ],
)
def test_a_strength_that_is_being_typed_is_kept_in_any_spelling(
    suggestions: Suggestions, typed: str, value: str
) -> None:
    assert offered(suggestions, typed)[0] == value


def test_a_label_shows_targets_vectors_and_recommendation(suggestions: Suggestions) -> None:
    names = [suggestion.name for suggestion in suggestions.embeddings("", model="demo")]
    assert names[0] == "★ washed · low contrast · 2 vectors"
    assert names[4] == "plain · no description · 2 vectors"
    assert suggestions.embeddings("washed:0.8", model="demo")[0].name.startswith("★ washed:0.8 · ")


def test_a_name_of_one_letter_does_not_match_a_word_that_contains_it(tmp_path: Path, shelf: Shelf) -> None:
    found = Suggestions(Stocks(a_stock(a_library(tmp_path, ["a", "water"]), shelf)))
    assert offered(found, "watermark") == ["water"]


TYPED = st.text(max_size=120) | st.builds(
    str.format,
    st.sampled_from(["{}", "{}:{}", "({}:{})", "({}:{}", "[{}]", "embedding:{}:{}", "<{}"]),
    st.sampled_from(["watermark", "wash", "stamp", ""]),
    st.text("0123.,e-", max_size=6),
)


@given(TYPED, st.lists(st.text(max_size=20), max_size=3), st.sampled_from([None, "demo", "sd15", "?"]))
def test_whatever_is_typed_each_suggestion_can_be_sent_and_submitted(
    suggestions: Suggestions, stock: Stock, typed: str, picked: list[str], model: str | None
) -> None:
    found = suggestions.embeddings(typed, model=model, picked=picked)
    assert len(found) <= MAX_CHOICES
    for suggestion in found:
        assert 1 <= len(suggestion.name) <= MAX_CHOICE_CHARACTERS
        assert 1 <= len(suggestion.value) <= MAX_CHOICE_CHARACTERS
        chosen = parse_choice(suggestion.value)
        assert stock.embedding(chosen.name) is not None
        assert parse_choice(suggestion.name) == chosen, "Discord's clients sometimes send the label"


def test_at_most_25_are_offered_and_long_labels_are_shortened(tmp_path: Path, shelf: Shelf) -> None:
    names = [f"{number:02d}-{'x' * 50}" for number in range(30)]
    entry = an_entry("long-targets", targets=("a very long description of what is avoided",) * 9, rank=1)
    library = a_library(tmp_path, [*names, "long-targets"], [entry])
    found = Suggestions(Stocks(a_stock(library, shelf))).embeddings("", model=None)
    assert len(found) == MAX_CHOICES
    assert found[0].value == "long-targets"
    assert found[0].name.endswith("…")
    assert all(len(suggestion.name) <= MAX_CHOICE_CHARACTERS for suggestion in found)
    assert [suggestion.value for suggestion in found[1:]] == names[:24]


def test_one_of_thousands_is_found(tmp_path: Path, shelf: Shelf) -> None:
    data = embedding_file(tmp_path / "one", "any").read_bytes()
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2_000):
        (folder / f"style-{number}.safetensors").write_bytes(data)
    found = Suggestions(Stocks(a_stock(a_library(folder), shelf)))
    assert offered(found, "style-1876")[0] == "style-1876"
    assert len(offered(found, "style")) == MAX_CHOICES


def test_installed_models_match_by_any_name(suggestions: Suggestions) -> None:
    assert [suggestion.value for suggestion in suggestions.models("")] == ["demo", "sd15", "turbo"]
    assert [suggestion.value for suggestion in suggestions.models("stable dif")] == ["sd15"]
    assert [suggestion.value for suggestion in suggestions.models("tiny")] == ["demo"]
    assert suggestions.models("demo")[0].name == "Demo · demo"


def test_sizes_are_those_that_the_model_takes_each_once(suggestions: Suggestions) -> None:
    assert [suggestion.value for suggestion in suggestions.sizes(None)] == ["64x64", "64x96", "96x64"]
    assert [suggestion.value for suggestion in suggestions.sizes("sd15")] == ["512x512", "512x768", "768x512"]
    assert [suggestion.name for suggestion in suggestions.sizes("turbo")] == ["64 × 64, square"]
    assert suggestions.sizes("no such model") == []
