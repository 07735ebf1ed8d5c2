"""Lists of a preset's settings, as members type and complete them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UnknownName, UserError
from services.presets.fields import FIELDS, LOCKABLE, complete_fields, read_fields
from tests.refusals import assert_sendable, refused


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("CFG, embedding2; model", ("model", "embeddings", "cfg")),
        ("embeddings\nembedding1, embedding", ("embeddings",)),
        (" steps ,, steps,", ("steps",)),
        ("none", ()),
        ("-", ()),
        ("", ()),
    ],
)
def test_a_list_names_settings_in_any_order_and_spelling(typed: str, fields: tuple[str, ...]) -> None:
    assert read_fields(typed, LOCKABLE) == fields


def test_a_setting_that_cannot_be_used_is_refused_with_those_that_can() -> None:
    with refused("'prompt' can't be used here; choose from model, embeddings,", UnknownName):
        read_fields("prompt", LOCKABLE)


def test_the_last_name_of_a_list_is_completed() -> None:
    assert [suggestion.value for suggestion in complete_fields("", ("cfg", "steps"))] == ["cfg", "steps"]
    assert complete_fields("cfg, ste", LOCKABLE)[0].value == "cfg, steps"
    assert all(suggestion.value.startswith("cfg, ") for suggestion in complete_fields("cfg,", LOCKABLE))
    assert complete_fields("cfg, ", ("cfg",)) == []


@given(st.text(max_size=80) | st.lists(st.sampled_from([*FIELDS, "embedding4", "none"])).map(",".join))
def test_any_list_is_read_or_refused(typed: str) -> None:
    try:
        read = read_fields(typed, FIELDS)
    except UserError as error:
        assert_sendable(error)
    else:
        assert set(read) <= set(FIELDS)


@given(st.text(max_size=80))
def test_any_completion_is_a_list_that_can_be_read(typed: str) -> None:
    for suggestion in complete_fields(typed, FIELDS):
        assert read_fields(suggestion.value, FIELDS)
