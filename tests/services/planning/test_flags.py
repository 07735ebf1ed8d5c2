"""Settings behind a prompt become settings of the request."""

from __future__ import annotations

from services.planning.flags import with_flags_read
from services.requests import GenerationRequest


def test_they_are_read_where_nothing_is_typed() -> None:
    read = with_flags_read(GenerationRequest(prompt="a fish --no blur --ar 2:3 --seed 7", steps=4))
    assert read == GenerationRequest(prompt="a fish", negative="blur", size="2:3", seed=7, steps=4)


def test_what_is_typed_wins_and_negatives_are_added() -> None:
    asked = GenerationRequest(prompt="a fish --no blur --ar 2:3 --seed 7", negative="text", size="64x64", seed=1)
    assert with_flags_read(asked) == GenerationRequest(prompt="a fish", negative="text, blur", size="64x64", seed=1)


def test_a_request_without_any_stays_as_it_is() -> None:
    for request in (GenerationRequest(), GenerationRequest(prompt=""), GenerationRequest(prompt=" a  fish, ")):
        assert with_flags_read(request) is request
