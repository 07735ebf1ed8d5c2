"""Settings as people write them, and changes that touch nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.presets.lines import (
    FIELDS,
    LOCKABLE,
    complete_fields,
    read_embeddings,
    read_fields,
    read_settings,
    settings_line,
)

from services.errors import UserError
from services.presets.changes import Change, from_form
from services.requests import GenerationRequest, Preset

FULL = GenerationRequest(
    model="demo",
    cfg=6.25,
    steps=20,
    size="64x64",
    sampler="euler_a",
    count=2,
    negative="grey",
    embeddings=("a:0.8", "b"),
)
PRESET = Preset(1, "x", FULL, 7, uses=3, locked=("cfg",))


def test_a_line_of_settings_is_read_as_it_was_written() -> None:
    assert settings_line(FULL) == "model: demo, cfg: 6.25, steps: 20, size: 64x64, sampler: euler_a, count: 2"
    assert settings_line(GenerationRequest(cfg=6.0)) == "cfg: 6"
    read = read_settings(settings_line(FULL))
    assert read == {"model": "demo", "cfg": 6.25, "steps": 20, "size": "64x64", "sampler": "euler_a", "count": 2}
    assert read_settings(" CFG = 6.5 ;steps:3\nmodel: ,, ") == {"cfg": 6.5, "steps": 3}
    assert read_settings("") == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fast", "'fast' is no setting: write each as a name and a value"),
        ("cfg: 6,5", "'5' is no setting"),
        ("cgf: 6", "There is no setting 'cgf' in this line; there are: model, cfg"),
        ("negative: x", "There is no setting 'negative'"),
        ("cfg: 6, CFG: 7", "cfg stands twice"),
        ("cfg: high", "cfg takes a number, and 'high' is none"),
        ("steps: 2.5", "steps takes a whole number, and '2.5' is none"),
        ("count: " + "9" * 300, "count takes a whole number"),
    ],
)
def test_what_is_no_setting_is_named(line: str, words: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_settings(line)
    assert words in str(refusal.value)


@given(st.text(max_size=80) | st.from_regex(r"(cfg|steps|size|x)[:=].{0,9},.*", fullmatch=True))
@settings(max_examples=200)
def test_any_line_is_read_or_refused(line: str) -> None:
    for read in (read_settings, read_embeddings, lambda text: read_fields(text, FIELDS)):
        try:
            read(line)
        except UserError as error:
            assert len(str(error)) < 300  # noqa: PT017 - most lines are refused, and some are not


def test_lists_name_settings_in_any_order_and_spelling() -> None:
    assert read_fields("CFG, embedding2; model", LOCKABLE) == ("model", "embeddings", "cfg")
    assert read_fields("none", LOCKABLE) == ()
    with pytest.raises(UserError, match="'prompt' is not among the settings that can stand here: model, embeddings"):
        read_fields("prompt", LOCKABLE)
    assert read_embeddings(" a:0.8, b,, ") == ("a:0.8", "b")
    assert read_embeddings(" , ") is None


def test_the_last_name_of_a_list_is_completed() -> None:
    assert [one.value for one in complete_fields("", ("cfg", "steps"))] == ["cfg", "steps"]
    assert next(one.value for one in complete_fields("cfg, ste", LOCKABLE)) == "cfg, steps"
    assert all(one.value.startswith("cfg, ") for one in complete_fields("cfg,", LOCKABLE))
    assert complete_fields("cfg, ", ("cfg",)) == []


def changed(**change: Any) -> Preset:
    known = {"settings": GenerationRequest(), **change}
    return Change(**known).on(PRESET)


def test_a_change_touches_only_what_is_given() -> None:
    assert changed() == PRESET
    assert Change(settings=GenerationRequest()).is_empty
    after = changed(settings=GenerationRequest(steps=5))
    assert after.request == GenerationRequest(steps=5).over(FULL)
    assert (after.locked, after.uses) == (("cfg",), 3)
    assert changed(locked="steps,model").locked == ("model", "steps")
    assert changed(locked="none").locked == ()


def test_embeddings_go_to_their_places_and_removing_comes_first() -> None:
    assert changed(embeddings=(None, "c", None)).request.embeddings == ("a:0.8", "c")
    assert changed(embeddings=(None, None, "c")).request.embeddings == ("a:0.8", "b", "c")
    assert changed(embeddings=("c", None, None), remove="embeddings").request.embeddings == ("c",)
    assert changed(remove="embeddings, cfg").request.embeddings is None
    assert changed(remove="cfg").request.cfg is None
    assert changed(remove="cfg", settings=GenerationRequest(cfg=3.0)).request.cfg == 3.0


def test_a_form_replaces_everything_and_what_is_empty_is_not_set_any_more() -> None:
    after = from_form(
        PRESET, negative=" ", prompt="a cat", embeddings="b", settings="cfg: 3", locked=("cfg", "negative")
    )
    assert after.request == GenerationRequest(prompt="a cat", embeddings=("b",), cfg=3.0)
    assert after.locked == ("negative", "cfg")
