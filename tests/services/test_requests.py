"""The wish: laid over another, written as JSON and read again."""

from __future__ import annotations

import json
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from services.requests import GenerationRequest

_words = st.none() | st.text(max_size=30)
requests = st.builds(
    GenerationRequest,
    prompt=_words,
    negative=_words,
    model=_words,
    embeddings=st.none() | st.lists(st.text(max_size=12), max_size=3).map(tuple),
    cfg=st.none() | st.floats(0, 30),
    steps=st.none() | st.integers(0, 100),
    size=_words,
    seed=st.none() | st.integers(0, 2**40),
    count=st.none() | st.integers(0, 9),
    sampler=_words,
)


@given(requests)
def test_a_request_survives_json(request: GenerationRequest) -> None:
    assert GenerationRequest.from_json(json.loads(json.dumps(request.as_json()))) == request


@given(requests, requests)
def test_what_is_set_stands_and_what_is_open_is_taken_from_below(
    upper: GenerationRequest, lower: GenerationRequest
) -> None:
    over = upper.over(lower)
    for field in fields(GenerationRequest):
        own = getattr(upper, field.name)
        assert getattr(over, field.name) == (own if own is not None else getattr(lower, field.name))


@given(requests, requests, requests)
def test_laying_over_is_associative(a: GenerationRequest, b: GenerationRequest, c: GenerationRequest) -> None:
    assert a.over(b).over(c) == a.over(b.over(c))


def test_zero_and_empty_are_settings_and_not_open() -> None:
    assert GenerationRequest(seed=0, negative="").over(GenerationRequest(seed=5, negative="blurry")) == (
        GenerationRequest(seed=0, negative="")
    )


def test_json_holds_only_what_is_set() -> None:
    assert GenerationRequest(cfg=6.0, embeddings=("blur:0.8",)).as_json() == {"cfg": 6.0, "embeddings": ["blur:0.8"]}


def test_what_no_database_stores_is_left_out_of_words() -> None:
    request = GenerationRequest(prompt="a\x00 red\ud800 fish\r\nin the\tsea", embeddings=("bl\x00ur",))
    assert request.prompt == "a red fish\nin the\tsea"
    assert request.embeddings == ("blur",)
