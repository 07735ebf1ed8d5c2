"""Choices of embeddings in every spelling that members bring from other programs."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.choices import LABEL_SEPARATOR, STAR, EmbeddingChoice, parse_choice, parse_choices, read_spelling
from services.errors import UserError
from tests.builders import choices
from tests.refusals import assert_sendable, refused
from tests.sentences.planning import BAD_STRENGTH

NAMES = ["EasyNegative", "bad-hands-5", "by bad artist", "ng_deepnegative_v1_75t", "größer", "v1.5", "a:b", "x.pt"]
names = st.sampled_from(NAMES)
strengths = st.floats(0, 2) | st.sampled_from([0.0, 0.8, 1.0, 1.25, 2.0, 5e-324, 1e-5, 0.1 + 0.2])
#: spellings without a weight, and the weight that they imply
PLAIN = {
    "{name}": None,
    " {name} ": None,
    "embedding:{name}": None,
    "EMBEDDING: {name}": None,
    "<{name}>": None,
    "< embedding:{name} >": None,
    "({name})": 1.1,
    "(({name}))": 1.21,
    "( (embedding:{name}) )": 1.21,
    "[{name}]": 1 / 1.1,
    "([{name}])": 1.0,
}
#: spellings with a weight, and the factor that they apply to it
WEIGHTED = {
    "{name}:{weight}": 1.0,
    " {name} : {weight} ": 1.0,
    "({name}:{weight})": 1.0,
    "( {name} : {weight} )": 1.0,
    "embedding:{name}:{weight}": 1.0,
    "(embedding:{name}:{weight})": 1.0,
    "<{name}:{weight}>": 1.0,
    "(<{name}>:{weight})": 1.0,
    "(({name}:{weight}))": 1.1,
    "[({name}:{weight})]": 1 / 1.1,
}


@pytest.mark.parametrize(("spelling", "weight"), PLAIN.items())
@pytest.mark.parametrize("name", NAMES)
def test_every_spelling_of_a_name_is_understood(spelling: str, name: str, weight: float | None) -> None:
    assert read_spelling(spelling.format(name=name)) == (name, pytest.approx(weight) if weight else None)


@given(name=names, weight=strengths, spelling=st.sampled_from(list(WEIGHTED)), comma=st.booleans())
def test_every_spelling_of_a_weight_is_understood(name: str, weight: float, spelling: str, comma: bool) -> None:
    written = repr(weight).replace(".", ",") if comma else repr(weight)
    found, read = read_spelling(spelling.format(name=name, weight=written))
    assert found == name
    assert read == (weight if WEIGHTED[spelling] == 1 else pytest.approx(weight * WEIGHTED[spelling]))


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("blur", EmbeddingChoice("blur")),
        (" blur : 0.8 ", EmbeddingChoice("blur", 0.8)),
        ("blur:0,8", EmbeddingChoice("blur", 0.8)),
        ("blur:.5", EmbeddingChoice("blur", 0.5)),
        ("blur:0", EmbeddingChoice("blur", 0.0)),
        ("blur:2.", EmbeddingChoice("blur", 2.0)),
        ("blur:1e-05", EmbeddingChoice("blur", 1e-05)),
        ("a:b:0.8", EmbeddingChoice("a:b", 0.8)),
        ("(blur:1.2)", EmbeddingChoice("blur", 1.2)),
        ("embedding:blur", EmbeddingChoice("blur")),
        ("blur.safetensors", EmbeddingChoice("blur.safetensors")),
        ("(a) b (c)", EmbeddingChoice("(a) b (c)")),
        (r"\(blur\)", EmbeddingChoice(r"\(blur\)")),
        ("★ blur · tint, colour cast, green cast · 2 vectors", EmbeddingChoice("blur")),
        ("★ blur:0.8 · tint · 2 vectors", EmbeddingChoice("blur", 0.8)),
        ("blur · no description · 1 vector", EmbeddingChoice("blur")),
    ],
)
def test_an_option_is_a_name_and_perhaps_a_strength(typed: str, choice: EmbeddingChoice) -> None:
    assert parse_choice(typed) == choice


@pytest.mark.parametrize("written", ["nan", "inf", "-inf", "-0.1", "strong", "", "0.8.1", "0.8x", "1e9"])
def test_a_strength_that_is_not_a_number_is_refused_with_an_example(written: str) -> None:
    with refused(BAD_STRENGTH.format(name="blur", typed=written)):
        parse_choice(f"blur:{written}")


@pytest.mark.parametrize(
    ("typed", "strength"),
    [("blur:2.01", "2.01"), ("(blur:3)", "3"), ("((((((((blur))))))))", "2.14359")],
)
def test_a_strength_out_of_bounds_is_refused_with_an_example(typed: str, strength: str) -> None:
    with refused(BAD_STRENGTH.format(name="blur", typed=strength)):
        parse_choice(typed)


@given(names, strengths)
def test_every_strength_from_0_to_2_is_read_exactly(name: str, strength: float) -> None:
    assert parse_choice(f"{name}:{strength!r}") == EmbeddingChoice(name, strength)


@given(names.filter(lambda name: ":" not in name), st.none() | strengths)
def test_a_choice_is_read_back_as_it_was_written(name: str, strength: float | None) -> None:
    choice = EmbeddingChoice(name, strength)
    assert EmbeddingChoice.from_text(str(choice)) == choice
    assert parse_choice(str(choice)) == choice


def test_a_choice_is_written_as_members_write_it() -> None:
    assert [str(choice) for choice in choices("a", "a:0.8", "a:1", "a:b:2")] == ["a", "a:0.8", "a:1", "a:b:2"]
    assert str(EmbeddingChoice("a", 0.1 + 0.2)) == "a:0.30000000000000004"


def test_spellings_of_one_name_have_the_same_key() -> None:
    assert {choice.key for choice in choices("EasyNegative", "EASYNEGATIVE:0.5", " easynegative")} == {"easynegative"}


@pytest.mark.parametrize(
    ("name", "is_nothing"),
    [("none", True), (" NONE ", True), ("off", True), ("-", True), ("nothing", False), ("", False)],
)
def test_some_words_ask_for_no_embedding(name: str, is_nothing: bool) -> None:
    assert EmbeddingChoice(name).is_nothing is is_nothing


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("", ()),
        (" , ;\n", ()),
        ("a", ("a",)),
        ("a, b", ("a", "b")),
        ("a:0.8,b:1", ("a:0.8", "b:1")),
        ("a:0,8, b", ("a:0.8", "b")),
        ("a:0,8,b:1,2", ("a:0.8", "b:1.2")),
        ("(a:0,8), [b]", ("a:0.8", f"b:{1 / 1.1!r}")),
        ("a; b\nc,, d", ("a", "b", "c", "d")),
        ("embedding:a, <b>, (c:1.2)", ("a", "b", "c:1.2")),
        ("★ a · tint, colour cast · 2 vectors", ("a",)),
    ],
)
def test_one_option_can_name_several(typed: str, chosen: tuple[str, ...]) -> None:
    assert parse_choices(typed) == choices(*chosen)


SPELLED = st.builds(
    lambda spelling, name, weight: (spelling.format(name=name, weight=f"{weight:.2f}"), name),
    st.sampled_from([*PLAIN, *WEIGHTED]),
    names.filter(lambda name: ":" not in name),
    st.floats(0, 1.5),
)


@given(st.lists(SPELLED, max_size=4), st.sampled_from([", ", ",", ";", "\n", " ,, "]))
@example([("a:0,8", "a"), ("b", "b")], ",")
def test_a_list_has_as_many_choices_as_it_was_made_of(terms: list[tuple[str, str]], separator: str) -> None:
    typed = separator.join(term for term, _ in terms)
    assert [choice.name for choice in parse_choices(typed)] == [name for _, name in terms]


@given(names, st.none() | st.floats(0, 2), st.booleans(), st.text("a, :;()\n", max_size=20))
def test_a_suggestions_label_is_understood_like_its_value(
    name: str, strength: float | None, starred: bool, targets: str
) -> None:
    choice = EmbeddingChoice(name, strength)
    label = LABEL_SEPARATOR.join(((STAR if starred else "") + str(choice), targets, "2 vectors"))
    if ":" not in name or strength is not None:
        assert parse_choice(label) == choice
        assert parse_choices(label) == (choice,)


@given(st.text(max_size=80) | st.text("ab:()[]<>,. 018e-·★", max_size=30))
@example("((a:9e999):0)")
@example("(((a:999):999):999)")
def test_anything_is_read_or_refused_with_a_sentence(typed: str) -> None:
    _, weight = read_spelling(typed)
    assert weight is None or math.isfinite(weight)
    try:
        chosen = parse_choices(typed)
    except UserError as error:
        assert_sendable(error)
    else:
        assert all(choice.strength is None or 0 <= choice.strength <= 2 for choice in chosen)


@pytest.mark.parametrize(
    "typed", ["(" * 60000, "(" * 30000 + ")" * 30000, "[(" * 30000, "a:" * 30000, ":" + "9" * 60000]
)
def test_no_text_takes_long(typed: str) -> None:
    started = time.process_time()
    name, _ = read_spelling(typed)
    assert name
    assert time.process_time() - started < 2
