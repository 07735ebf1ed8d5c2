"""The request: laid over another, written as JSON and read again."""

from __future__ import annotations

import json
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from services.choices import EmbeddingChoice
from services.requests import GenerationRequest, Saved
from tests.builders import choices

_texts = st.none() | st.text(max_size=30)
#: names as embeddings have them, without a colon
_names = st.text(
    st.characters(codec="utf-8", exclude_characters=":", exclude_categories=["Cc"]), min_size=1, max_size=12
)
_choices = st.builds(EmbeddingChoice, _names, st.none() | st.floats(0, 2))
requests = st.builds(
    GenerationRequest,
    prompt=_texts,
    negative=_texts,
    model=_texts,
    embeddings=st.none() | st.lists(_choices, max_size=3).map(tuple),
    cfg=st.none() | st.floats(0, 30),
    steps=st.none() | st.integers(0, 100),
    size=_texts,
    seed=st.none() | st.integers(0, 2**40),
    count=st.none() | st.integers(0, 9),
    sampler=_texts,
)


@given(requests)
def test_a_request_survives_json(request: GenerationRequest) -> None:
    assert GenerationRequest.from_json(json.loads(json.dumps(request.as_json()))) == request


@given(requests, requests)
def test_set_fields_stay_and_open_ones_are_taken_from_the_lower_request(
    upper: GenerationRequest, lower: GenerationRequest
) -> None:
    over = upper.over(lower)
    for field in fields(GenerationRequest):
        own = getattr(upper, field.name)
        assert getattr(over, field.name) == (own if own is not None else getattr(lower, field.name))


@given(requests, requests, requests)
def test_laying_over_is_associative(a: GenerationRequest, b: GenerationRequest, c: GenerationRequest) -> None:
    assert a.over(b).over(c) == a.over(b.over(c))


def test_zero_and_empty_are_settings() -> None:
    assert GenerationRequest(seed=0, negative="").over(GenerationRequest(seed=5, negative="blurry")) == (
        GenerationRequest(seed=0, negative="")
    )


def test_json_holds_only_what_is_set() -> None:
    assert GenerationRequest(cfg=6.0, embeddings=choices("blur:0.8", "tint")).as_json() == {
        "cfg": 6.0,
        "embeddings": ["blur:0.8", "tint"],
    }


def test_rows_of_earlier_versions_have_embeddings_as_text() -> None:
    row = {"embeddings": ["blur:0.50", "a:b:1", "tint"]}
    assert GenerationRequest.from_json(row).embeddings == choices("blur:0.5", "a:b:1", "tint")


def test_characters_that_no_database_stores_are_left_out() -> None:
    request = GenerationRequest(
        prompt="a\x00 red\ud800 fish\r\nin the\tsea", embeddings=(EmbeddingChoice("bl\x00ur", 0.8),)
    )
    assert request.prompt == "a red fish\nin the\tsea"
    assert request.embeddings == choices("blur:0.8")


def test_kept_presets_are_not_among_the_stored_ones() -> None:
    assert Saved(added=("A",), replaced=("Über",), kept=("c",)).stored == {"a", "über"}
