"""One to three embeddings: resolved, told apart and checked; every refusal names its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from services.checkpoints import CfgMode
from services.choices import EmbeddingChoice
from services.errors import DoesNotFit, NotInstalled, TooManyEmbeddings, UnknownName, UserError
from services.planning.fit import Fit
from services.planning.picks import Pick, pick_embeddings, refuse_no_effect
from services.stock import EmbeddingLimits, Stock
from tests.builders import a_checkpoint, a_library, a_stock, an_entry, choices, embedding_file, installed
from tests.refusals import refused
from tests.sentences.planning import (
    BAD_STRENGTH,
    KNOWN_EMBEDDING,
    LISTED_TWICE,
    NO_EFFECT_AT_CFG,
    NO_GUIDANCE,
    SAME_EMBEDDING,
    TOO_MANY_EMBEDDINGS,
    TRAINED_FOR,
    UNKNOWN_EMBEDDING,
)

DEMO = a_checkpoint(recommended=("watermark", "blur"))


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Five embeddings for the demo, of which two are the same; EasyNegative for SD 1.5; two that are only known."""
    folder: Path = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "twin-of-blur", seed=2)  # the seed of "blur"
    entries = [
        an_entry("watermark", strength=0.8, aliases=("stamp",), rank=5),
        an_entry("EasyNegative", Architecture.SD1),
        an_entry("BadDream", Architecture.SD1, source="https://example.org/baddream"),
        an_entry("smudge", source="https://example.org/smudge"),
    ]
    return a_stock(a_library(folder, ["watermark", "blur", "tint", "noise"], entries))


@pytest.fixture(scope="module")
def free_stock(stock: Stock) -> Stock:
    """The same, where the operator allows pictures without any embedding."""
    return a_stock(stock.library, limits=EmbeddingLimits(minimum=0))


def names_of(picks: list[Pick]) -> list[str]:
    return [pick.embedding.id for pick in picks]


@pytest.mark.parametrize("named", [("blur",), ("blur", "tint"), ("noise", "tint", "blur")])
def test_one_to_three_embeddings_are_picked_in_the_order_they_were_named(stock: Stock, named: tuple[str, ...]) -> None:
    assert names_of(pick_embeddings(choices(*named), DEMO, stock)) == list(named)


def test_a_fourth_embedding_is_refused(stock: Stock) -> None:
    names = ("blur", "tint", "noise", "watermark")
    with refused(TOO_MANY_EMBEDDINGS.format(count=4, names=", ".join(names), most=3, over=1), TooManyEmbeddings):
        pick_embeddings(choices(*names), DEMO, stock)


def test_an_operator_can_allow_fewer(stock: Stock) -> None:
    strict = a_stock(stock.library, limits=EmbeddingLimits(maximum=1))
    with refused(TOO_MANY_EMBEDDINGS.format(count=2, names="blur, tint", most=1, over=1), TooManyEmbeddings):
        pick_embeddings(choices("blur", "tint"), DEMO, strict)


@pytest.mark.parametrize("chosen", [None, ()])
def test_if_none_is_named_the_best_recommended_one_is_picked(
    stock: Stock, chosen: tuple[EmbeddingChoice, ...] | None
) -> None:
    (pick,) = pick_embeddings(chosen, DEMO, stock)
    assert (pick.embedding.id, pick.strength, pick.fit) == ("watermark", 0.8, Fit.FITS)


def test_if_none_is_named_and_none_is_needed_none_is_picked(free_stock: Stock) -> None:
    assert pick_embeddings(None, DEMO, free_stock) == []


def test_if_none_is_named_and_none_fits_the_refusal_names_the_remedy(stock: Stock) -> None:
    model = a_checkpoint("big", Architecture.SDXL, recommended=("negativeXL_D",))
    with pytest.raises(DoesNotFit, match=r"No installed embedding fits Big.*/model list.*have negativeXL_D installed"):
        pick_embeddings(None, model, stock)


@pytest.mark.parametrize("named", [("none",), (" OFF ",), ("-",), ("blur", "None")])
def test_asking_for_no_embedding_is_refused_if_one_is_needed(stock: Stock, named: tuple[str, ...]) -> None:
    with refused("Leave the option out"):
        pick_embeddings(choices(*named), DEMO, stock)


def test_asking_for_no_embedding_gives_none_if_the_operator_allows_it(free_stock: Stock) -> None:
    assert pick_embeddings(choices("none"), DEMO, free_stock) == []
    # a preset's embeddings come first, and "none" is how a member removes them
    assert pick_embeddings(choices("blur", "none"), DEMO, free_stock) == []


@pytest.mark.parametrize(
    ("named", "twice"),
    [
        (("blur", "BLUR"), "blur"),
        (("watermark", "stamp"), "watermark"),
        (("blur:0.5", "blur:1.5"), "blur"),
        (("blur", "blur.safetensors"), "blur"),
    ],
)
def test_the_same_embedding_twice_is_refused(stock: Stock, named: tuple[str, ...], twice: str) -> None:
    with refused(LISTED_TWICE.format(name=twice), TooManyEmbeddings):
        pick_embeddings(choices(*named), DEMO, stock)


def test_the_same_content_under_two_names_is_refused(stock: Stock) -> None:
    same = SAME_EMBEDDING.format(names="blur and twin-of-blur", first="twin-of-blur")
    with refused(same, TooManyEmbeddings):
        pick_embeddings(choices("twin-of-blur", "tint", "blur"), DEMO, stock)


def test_the_wrong_architecture_is_refused_with_three_embeddings_that_fit(stock: Stock) -> None:
    with pytest.raises(DoesNotFit) as caught:
        pick_embeddings(choices("EasyNegative"), DEMO, stock)
    assert "trained for SD 1.5 and can't work with Demo." in str(caught.value)
    assert str(caught.value).endswith("These fit Demo: watermark, blur, noise.")


@pytest.mark.parametrize("name", ["baddream", "BadDream.pt"])
def test_a_known_embedding_of_another_architecture_is_refused_for_that_even_if_it_is_not_installed(
    stock: Stock, name: str
) -> None:
    with refused(TRAINED_FOR.format(name="BadDream", architecture="SD 1.5"), DoesNotFit):
        pick_embeddings(choices(name), DEMO, stock)


@pytest.mark.parametrize("name", ["smudge", "SMUDGE.safetensors"])
def test_a_known_embedding_that_is_not_installed_is_refused_with_its_page(stock: Stock, name: str) -> None:
    sentence = KNOWN_EMBEDDING.format(name="smudge", how="its page is https://example.org/smudge")
    with refused(sentence, NotInstalled):
        pick_embeddings(choices(name), DEMO, stock)


def test_an_unknown_embedding_is_refused_with_similar_names(stock: Stock) -> None:
    with refused(f"{UNKNOWN_EMBEDDING.format(name='watermrak')} These fit Demo: watermark", UnknownName):
        pick_embeddings(choices("watermrak"), DEMO, stock)


def test_embeddings_without_effect_are_refused_with_the_reason(stock: Stock) -> None:
    picks = pick_embeddings(choices("blur"), DEMO, stock)
    remedy = "Choose a CFG above 1; 7 suits Demo."
    with refused(f"{NO_EFFECT_AT_CFG.format(cfg=1, name='blur')} {remedy}", DoesNotFit):
        refuse_no_effect(picks, DEMO, 1.0)
    refuse_no_effect(picks, DEMO, 1.01)
    refuse_no_effect([], DEMO, 0.0)


@pytest.mark.parametrize("named", [(), ("blur",)])
def test_a_model_without_guidance_is_refused_with_the_reason(stock: Stock, named: tuple[str, ...]) -> None:
    turbo = a_checkpoint("turbo", cfg_mode=CfgMode.DISTILLED)
    with refused(NO_GUIDANCE.format(model="Turbo"), DoesNotFit):
        refuse_no_effect(pick_embeddings(choices(*named), turbo, stock), turbo, 5.0)


@pytest.mark.parametrize("strength", [-0.1, 2.01, float("nan"), float("inf")])
def test_a_strength_out_of_bounds_is_refused_wherever_it_comes_from(stock: Stock, strength: float) -> None:
    with refused(BAD_STRENGTH.format(name="blur", typed=f"{strength:g}")):
        pick_embeddings([EmbeddingChoice("blur", strength)], DEMO, stock)


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_choice_is_picked_or_refused_with_one_sentence(stock: Stock, written: list[str]) -> None:
    try:
        picks = pick_embeddings(choices(*written), DEMO, stock)
    except UserError as error:
        sentence = str(error)
    else:
        sentence = "".join(names_of(picks))
        assert 1 <= len(picks) <= 3
    assert 0 < len(sentence) < 600


def test_the_catalogs_strength_is_used_unless_another_is_chosen(stock: Stock) -> None:
    assert pick_embeddings(choices("watermark"), DEMO, stock)[0].strength == 0.8
    assert pick_embeddings(choices("watermark:1.5"), DEMO, stock)[0].strength == 1.5
    assert installed("any").strength == 1.0
