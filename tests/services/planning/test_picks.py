"""One to three embeddings: found, told apart, checked; every refusal names its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from embeddings.library import Library
from services.checkpoints import CfgMode
from services.errors import DoesNotFit, TooManyEmbeddings, UnknownName, UserError
from services.planning.fit import Fit
from services.planning.picks import EmbeddingLimits, Pick, pick_embeddings, refuse_no_effect, split_strength
from tests.builders import a_checkpoint, a_library, an_entry, embedding_file, installed

ONE_TO_THREE = EmbeddingLimits()
NONE_TO_THREE = EmbeddingLimits(minimum=0)
DEMO = a_checkpoint(recommended=("watermark", "blur"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Four that fit the demo, one of them twice under another name; two of SD 1.5, one of them only known."""
    folder: Path = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "twin-of-blur", seed=2)  # the seed that "blur" is written with below
    entries = [
        an_entry("watermark", strength=0.8, aliases=("stamp",), rank=5),
        an_entry("EasyNegative", Architecture.SD1),
        an_entry("BadDream", Architecture.SD1, source="https://example.org/baddream"),
        an_entry("smudge", source="https://example.org/smudge"),
    ]
    return a_library(folder, ["watermark", "blur", "tint", "noise"], entries)


def names_of(picks: list[Pick]) -> list[str]:
    return [pick.embedding.id for pick in picks]


@pytest.mark.parametrize("typed", [("blur",), ("blur", "tint"), ("noise", "tint", "blur")])
def test_one_to_three_are_taken_in_the_order_they_were_named(library: Library, typed: tuple[str, ...]) -> None:
    assert names_of(pick_embeddings(typed, DEMO, library, ONE_TO_THREE)) == list(typed)


def test_a_fourth_embedding_is_refused(library: Library) -> None:
    with pytest.raises(TooManyEmbeddings, match=r"That makes 4 .*leave out 1\."):
        pick_embeddings(("blur", "tint", "noise", "watermark"), DEMO, library, ONE_TO_THREE)


def test_an_operator_may_allow_fewer(library: Library) -> None:
    with pytest.raises(TooManyEmbeddings, match="More than 1"):
        pick_embeddings(("blur", "tint"), DEMO, library, EmbeddingLimits(maximum=1))


@pytest.mark.parametrize("typed", [None, ()])
def test_without_a_name_the_best_recommended_is_taken(library: Library, typed: tuple[str, ...] | None) -> None:
    (pick,) = pick_embeddings(typed, DEMO, library, ONE_TO_THREE)
    assert (pick.embedding.id, pick.strength, pick.fit) == ("watermark", 0.8, Fit.FITS)


def test_without_a_name_none_is_taken_where_none_is_needed(library: Library) -> None:
    assert pick_embeddings(None, DEMO, library, NONE_TO_THREE) == []


def test_without_a_name_and_without_one_that_fits_the_remedy_is_named(library: Library) -> None:
    model = a_checkpoint("big", Architecture.SDXL, recommended=("negativeXL_D",))
    with pytest.raises(DoesNotFit, match=r"No installed embedding fits Big.*/model list.*have negativeXL_D installed"):
        pick_embeddings(None, model, library, ONE_TO_THREE)


@pytest.mark.parametrize("typed", [("none",), (" OFF ",), ("-",), ("blur", "None")])
def test_none_is_refused_where_one_is_needed(library: Library, typed: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="leave the option out"):
        pick_embeddings(typed, DEMO, library, ONE_TO_THREE)


def test_none_is_none_where_the_operator_allows_it(library: Library) -> None:
    assert pick_embeddings(("none",), DEMO, library, NONE_TO_THREE) == []
    # a preset's embeddings come first, and "none" is how a member takes them away
    assert pick_embeddings(("blur", "none"), DEMO, library, NONE_TO_THREE) == []


@pytest.mark.parametrize("typed", [("blur", "BLUR"), ("watermark", "stamp"), ("blur:0.5", "blur:1.5")])
def test_the_same_one_twice_is_refused(library: Library, typed: tuple[str, ...]) -> None:
    with pytest.raises(TooManyEmbeddings, match=r"stands twice.*write \w+:1\.3"):
        pick_embeddings(typed, DEMO, library, ONE_TO_THREE)


def test_the_same_content_under_two_names_is_refused(library: Library) -> None:
    with pytest.raises(TooManyEmbeddings, match="blur and twin-of-blur are the same"):
        pick_embeddings(("twin-of-blur", "tint", "blur"), DEMO, library, ONE_TO_THREE)


def test_the_wrong_architecture_is_refused_with_three_that_fit(library: Library) -> None:
    with pytest.raises(DoesNotFit) as caught:
        pick_embeddings(("EasyNegative",), DEMO, library, ONE_TO_THREE)
    assert "trained for SD 1.5 (768 wide) and cannot work with Demo (96 wide)" in str(caught.value)
    assert str(caught.value).endswith("These fit Demo: watermark, blur, noise.")


def test_a_known_one_of_another_architecture_is_refused_as_such_though_not_installed(library: Library) -> None:
    with pytest.raises(DoesNotFit, match=r"BadDream was trained for SD 1\.5"):
        pick_embeddings(("baddream",), DEMO, library, ONE_TO_THREE)


def test_a_known_one_that_is_not_installed_comes_with_its_page(library: Library) -> None:
    with pytest.raises(UnknownName, match=r"smudge is known but not installed here; its page is https://example\.org/"):
        pick_embeddings(("smudge",), DEMO, library, ONE_TO_THREE)


def test_an_unknown_one_comes_with_near_names(library: Library) -> None:
    with pytest.raises(UnknownName, match=r"no embedding 'watermrak' here\. These fit Demo: watermark"):
        pick_embeddings(("watermrak",), DEMO, library, ONE_TO_THREE)


def test_no_effect_is_refused_with_its_reason(library: Library) -> None:
    picks = pick_embeddings(("blur",), DEMO, library, ONE_TO_THREE)
    with pytest.raises(DoesNotFit, match=r"At CFG 1 .*choose a CFG above 1 \(7 suits Demo\)"):
        refuse_no_effect(picks, DEMO, 1.0)
    refuse_no_effect(picks, DEMO, 1.01)
    refuse_no_effect([], DEMO, 0.0)


@pytest.mark.parametrize("typed", [None, ("blur",)])
def test_a_model_without_guidance_is_refused_with_its_reason(library: Library, typed: tuple[str, ...] | None) -> None:
    turbo = a_checkpoint("turbo", cfg_mode=CfgMode.DISTILLED)
    with pytest.raises(DoesNotFit, match=r"Turbo runs without guidance.*choose another model"):
        refuse_no_effect(pick_embeddings(typed, turbo, library, ONE_TO_THREE), turbo, 5.0)


@pytest.mark.parametrize(
    ("typed", "name", "strength"),
    [
        ("blur", "blur", None),
        (" blur : 0.8 ", "blur", 0.8),
        ("blur:0", "blur", 0.0),
        ("blur:2", "blur", 2.0),
        ("a:b:1.5", "a:b", 1.5),
    ],
)
def test_a_strength_follows_the_last_colon(typed: str, name: str, strength: float | None) -> None:
    assert split_strength(typed) == (name, strength)


@pytest.mark.parametrize("written", ["nan", "inf", "-inf", "-0.1", "2.01", "strong", "", "0,8", "1e9"])
def test_what_is_no_strength_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UserError, match=r"is no strength for blur: write a number from 0 to 2, like blur:0\.8"):
        split_strength(f"blur:{written}")


@given(st.floats(0, 2))
def test_every_strength_from_0_to_2_is_read_exactly(strength: float) -> None:
    assert split_strength(f"blur:{strength!r}") == ("blur", strength)


@given(st.lists(st.text(max_size=80), max_size=5).map(tuple))
def test_whatever_is_typed_gives_picks_or_one_sentence(library: Library, typed: tuple[str, ...]) -> None:
    try:
        picks = pick_embeddings(typed, DEMO, library, ONE_TO_THREE)
    except UserError as error:
        sentence = str(error)
    else:
        sentence = "".join(names_of(picks))
        assert 1 <= len(picks) <= 3
    assert 0 < len(sentence) < 600


def test_the_strength_of_the_catalog_counts_unless_one_is_typed(library: Library) -> None:
    assert pick_embeddings(("watermark",), DEMO, library, ONE_TO_THREE)[0].strength == 0.8
    assert pick_embeddings(("watermark:1.5",), DEMO, library, ONE_TO_THREE)[0].strength == 1.5
    assert installed("any").strength == 1.0
