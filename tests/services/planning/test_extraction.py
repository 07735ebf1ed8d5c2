"""Embeddings in the text of a negative prompt: chosen as in the options, and used once however often they are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from services.choices import EmbeddingChoice
from services.errors import DoesNotFit, NotInstalled, TooManyEmbeddings, UserError
from services.parameters import GenerationParameters
from services.planning.extraction import Extracted, extract_embeddings
from services.planning.planner import Planner
from services.requests import GenerationRequest
from services.stock import Stock
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry, choices, embedding_file
from tests.refusals import refused
from tests.sentences.planning import BAD_STRENGTH, NAMED_TWICE, TOO_MANY_EMBEDDINGS, TRAINED_FOR

#: every name of the embeddings below, by their ids
NAMES = {
    "watermark": ("watermark", "WATERMARK", "stamp", "watermark.safetensors", "stamp.pt"),
    "blur": ("blur", "Blur", "blur-copy", "blur.bin"),
    "tint": ("tint", "TINT.png"),
    "smudge": ("smudge", "Smudge.safetensors"),
}


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """For the demo: watermark, alias stamp; blur and a copy of it; tint; and smudge, which the catalog alone knows."""
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "blur-copy", seed=2)  # the seed of "blur"
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    entries = [
        an_entry("watermark", title="Text", strength=0.8, aliases=("stamp",)),
        an_entry("smudge", source="https://example.org/smudge"),
    ]
    library = a_library(folder, ["watermark", "blur", "tint", "noise"], entries)
    return a_stock(library, a_shelf(tmp_path_factory.mktemp("checkpoints"), a_checkpoint(recommended=("tint",))))


def extracted(stock: Stock, negative: str, **more: Any) -> Extracted:
    return extract_embeddings(GenerationRequest(negative=negative, **more), stock)


def planned(stock: Stock, **settings: Any) -> GenerationParameters:
    """What is drawn for these settings, as /imagine plans it."""
    request = extract_embeddings(GenerationRequest(prompt="a red fish", **settings), stock).request
    return Planner(stock).plan(request).parameters


@pytest.mark.parametrize(
    ("negative", "chosen", "rest"),
    [
        ("tint", ("tint:1",), None),
        ("tint, blurry", ("tint:1",), "blurry"),
        ("blurry, (tint:0.8)", ("tint:0.8",), "blurry"),
        ("((tint)), ugly", ("tint:1.21",), "ugly"),
        ("[tint], ugly", ("tint:0.9091",), "ugly"),
        ("embedding:tint, ugly", ("tint:1",), "ugly"),
        ("(embedding:tint:0.8), ugly", ("tint:0.8",), "ugly"),
        ("<tint>, tint2", ("tint:1",), "tint2"),
        ("tint:0.8, ugly", ("tint:0.8",), "ugly"),
        ("tint.safetensors, (stamp.pt:0.7)", ("tint:1", "stamp:0.7"), None),
        ("(ugly, tint:1.3), old", ("tint:1.3",), "(ugly:1.3), old"),
        # the weight of an embedding that is only known counts too, should it be installed
        ("(smudge:0.5), ugly", ("smudge:0.5",), "ugly"),
        ("ugly, text, tints", (), "ugly, text, tints"),
        ("", (), ""),
    ],
)
def test_embeddings_are_chosen_at_the_weight_of_their_brackets(
    stock: Stock, negative: str, chosen: tuple[str, ...], rest: str | None
) -> None:
    found = extracted(stock, negative)
    assert found.request == GenerationRequest(negative=rest, embeddings=choices(*chosen) or None)
    assert found.hints == ()


def test_embeddings_of_the_text_come_after_those_of_the_options(stock: Stock) -> None:
    found = extracted(stock, "blurry, (BLUR:0.8), watermark, (ugly:1.2)", embeddings=choices("tint"))
    assert found.request.embeddings == choices("tint", "BLUR:0.8", "watermark:1")
    assert found.request.negative == "blurry, (ugly:1.2)"


def test_a_weight_that_changes_with_its_group_is_written_out(stock: Stock) -> None:
    """In A1111, ":1.2" is a weight only before the closing bracket, so the whole group weighs 1.1."""
    found = extracted(stock, "(blurry:1.2, tint)")
    assert found.request.embeddings == choices("tint:1.1")
    assert found.request.negative == "(blurry:1.2:1.1)"


@pytest.mark.parametrize(
    ("negative", "chosen", "hints"),
    [
        ("tint, blurry, (tint:1.2)", ("tint:1",), [NAMED_TWICE.format(name="tint", used="tint:1")]),
        ("(watermark:0.5), stamp", ("watermark:0.5",), [NAMED_TWICE.format(name="watermark", used="watermark:0.5")]),
        ("stamp, watermark", ("stamp:1",), [NAMED_TWICE.format(name="watermark", used="stamp:1")]),
        ("tint, tint.safetensors", ("tint:1",), [NAMED_TWICE.format(name="tint", used="tint:1")]),
        ("blur, blur-copy", ("blur:1",), [NAMED_TWICE.format(name="blur-copy", used="blur:1")]),
        ("smudge, SMUDGE", ("smudge:1",), [NAMED_TWICE.format(name="smudge", used="smudge:1")]),
        ("tint, tint, (tint:0.3)", ("tint:1",), [NAMED_TWICE.format(name="tint", used="tint:1")]),
    ],
)
def test_an_embedding_that_the_text_names_twice_is_used_once_with_a_hint(
    stock: Stock, negative: str, chosen: tuple[str, ...], hints: list[str]
) -> None:
    found = extracted(stock, negative)
    assert found.request.embeddings == choices(*chosen)
    assert list(found.hints) == hints
    assert "tint" not in (found.request.negative or "")


def test_an_option_decides_the_strength_of_an_embedding_that_the_text_names_as_well(stock: Stock) -> None:
    found = extracted(stock, "(stamp:1.5), ugly", embeddings=choices("watermark:0.5"))
    assert found.request == GenerationRequest(embeddings=choices("watermark:0.5"), negative="ugly")
    assert found.hints == (NAMED_TWICE.format(name="watermark", used="watermark:0.5"),)


def test_options_lose_a_files_ending_too(stock: Stock) -> None:
    chosen = choices("tint.safetensors:0.5", "smudge.PT", "unheard-of.pt")
    assert extracted(stock, "", embeddings=chosen).request.embeddings == choices("tint:0.5", "smudge", "unheard-of.pt")
    assert extracted(stock, "", embeddings=()).request.embeddings == ()


def test_options_that_name_an_embedding_twice_are_still_refused(stock: Stock) -> None:
    with pytest.raises(TooManyEmbeddings):
        planned(stock, embeddings=choices("tint", "tint:0.5"), negative="tint")


def test_the_plan_is_the_same_as_if_they_had_been_chosen_in_options(stock: Stock) -> None:
    made = planned(stock, embeddings=choices("tint"), negative="blurry, (BLUR:0.8), watermark, (ugly:1.2)", seed=3)
    assert [placed.label for placed in made.embeddings] == ["tint", "blur:0.8", "watermark"]
    assert made == planned(
        stock, embeddings=choices("tint", "blur:0.8", "watermark:1"), negative="blurry, (ugly:1.2)", seed=3
    )


@pytest.mark.parametrize(
    ("negative", "kind", "words"),
    [
        ("(blur:3), ugly", UserError, BAD_STRENGTH.format(name="blur", typed="3")),
        ("EasyNegative", DoesNotFit, TRAINED_FOR.format(name="EasyNegative", architecture="SD 1.5")),
        ("smudge, ugly", NotInstalled, "smudge is known but not installed here"),
        (
            "blur, tint, watermark, noise",
            TooManyEmbeddings,
            TOO_MANY_EMBEDDINGS.format(count=4, names="blur, tint, watermark, noise", most=3, over=1),
        ),
    ],
)
def test_the_rules_of_the_options_hold_in_the_text(
    stock: Stock, negative: str, kind: type[UserError], words: str
) -> None:
    with refused(words, kind):
        planned(stock, negative=negative)


TERMS = st.sampled_from([name for names in NAMES.values() for name in names])
WRAPPED = st.builds(
    str.format, st.sampled_from(["{}", "({}:0.8)", "[{}]", "embedding:{}", " {} ", "(ugly, {}:1.2)", "<{}>"]), TERMS
)


@given(st.lists(WRAPPED | st.sampled_from(["ugly", "old (man)", "text"]), max_size=8))
def test_every_embedding_that_is_named_is_used_once_or_hinted_at_and_no_word_is_lost(
    stock: Stock, terms: list[str]
) -> None:
    found = extracted(stock, ", ".join(terms))
    named = {id_ for id_, names in NAMES.items() if any(_names(term) in names for term in terms)}
    ids = [_id_of(choice) for choice in found.request.embeddings or ()]
    assert sorted(ids) == sorted(named)
    rest = found.request.negative or ""
    assert rest.count("ugly") == sum("ugly" in term for term in terms)
    assert not any(_names(term) in names for term in rest.split(",") for names in NAMES.values())


def _names(term: str) -> str:
    """The last word of a term, without its spelling."""
    word = term.strip().strip("()[]<>").removeprefix("ugly, ").removeprefix("embedding:")
    return word.partition(":")[0]


def _id_of(choice: EmbeddingChoice) -> str:
    return next(id_ for id_, names in NAMES.items() if choice.name in {name.partition(".")[0] for name in names})
