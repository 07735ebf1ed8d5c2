"""Settings in one line, as members read and change them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.errors import UnknownName, UserError
from services.infotext.settings_line import IN_LINE, read_settings_line, write_settings_line
from services.presets import fields
from services.requests import GenerationRequest
from services.samplers import SAMPLERS, find_sampler
from tests.refusals import assert_sendable, refused


def test_the_line_has_a1111s_format() -> None:
    request = GenerationRequest(steps=20, sampler="euler", cfg=4.0, seed=7, size="64x64", model="demo", count=1)
    line = "Steps: 20, Sampler: Euler, CFG scale: 4, Seed: 7, Size: 64x64, Model: Demo, Count: 1"
    assert write_settings_line(request, model="Demo") == line
    assert write_settings_line(GenerationRequest(cfg=6.25, model="demo")) == "CFG scale: 6.25, Model: demo"
    assert write_settings_line(GenerationRequest(prompt="a fish", negative="blurry")) == ""


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("", GenerationRequest()),
        ("Seed: 7, Steps:\n cfg: 3.5,", GenerationRequest(seed=7, cfg=3.5)),
        (" CFG = 6.5 ;steps:3\nmodel: ,, ", GenerationRequest(cfg=6.5, steps=3)),
        ("CFG scale=6, Count = 3", GenerationRequest(cfg=6.0, count=3)),
        ('model: "a; b, steps = 3", steps: 4', GenerationRequest(model="a; b, steps = 3", steps=4)),
    ],
)
def test_a_line_is_read_in_any_order_case_and_punctuation(line: str, request_: GenerationRequest) -> None:
    assert read_settings_line(line) == request_


@pytest.mark.parametrize(
    ("line", "sampler"),
    [
        ("Sampler: DPM++ 2M, Schedule type: Karras", "dpmpp_2m_karras"),
        ("Schedule type: Automatic, Sampler: Euler a", "euler_a"),
        ("Sampler: Heun, Schedule type: Beta", "Heun Beta"),
        ("Schedule type: Karras", None),
    ],
)
def test_a_schedule_belongs_to_its_sampler(line: str, sampler: str | None) -> None:
    assert read_settings_line(line).sampler == sampler


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "Stps: 20",
            "no setting 'Stps' here; you can set Steps, Sampler, CFG scale, Seed, Size, Model, Variation seed,",
        ),
        ("negative: x", "There's no setting 'negative' here"),
        ("fast", "'fast' isn't a setting; write each as a name and a value, like Steps: 20, CFG scale: 6"),
        ("Steps 20", "'Steps 20' isn't a setting"),
        ("Seed: 7, 8", "'8' isn't a setting"),
        ("cfg: 6,5", "'5' isn't a setting"),
        ("cfg: 6, CFG: 7", "CFG is listed twice; leave one of them out."),
        ("Steps: 2.5", "Steps must be a whole number, for example Steps: 20; you gave '2.5'."),
        ("count: " + "9" * 300, "count must be a whole number, for example count: 2; you gave '999"),
        ("CFG scale: nan", "CFG scale must be a number, for example CFG scale: 6; you gave 'nan'."),
        ("cfg: high", "cfg must be a number, for example cfg: 6; you gave 'high'."),
    ],
)
def test_a_line_that_is_not_understood_is_refused(line: str, sentence: str) -> None:
    with refused(sentence):
        read_settings_line(line)


def test_a_presets_line_has_no_seed() -> None:
    assert "seed" not in fields.IN_LINE
    with refused("There's no setting 'Seed' here; you can set Model, CFG scale,", UnknownName):
        read_settings_line("Seed: 7", fields.IN_LINE)


_MODELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(
    st.builds(
        GenerationRequest,
        steps=st.none() | st.integers(1, 150),
        sampler=st.none() | st.sampled_from(list(SAMPLERS)),
        cfg=st.none() | st.floats(0, 30).map(lambda cfg: round(cfg, 3)),
        seed=st.none() | st.integers(0, 2**32),
        size=st.none() | st.just("8x8"),
        model=st.none() | _MODELS | st.text(',;:="a \\n', min_size=1).map(str.strip).filter(bool),
        count=st.none() | st.integers(1, 4),
    )
)
@example(GenerationRequest(model="a,b=c"))
@example(GenerationRequest(model="steps=3"))
@example(GenerationRequest(model='a"b, c=d', steps=3))
def test_every_line_is_read_back(request: GenerationRequest) -> None:
    read = read_settings_line(write_settings_line(request))
    for field in IN_LINE:
        if field != "sampler":
            assert getattr(read, field) == getattr(request, field)
    assert (None if read.sampler is None else find_sampler(read.sampler)) == request.sampler


@given(st.text(max_size=100) | st.from_regex(r"(cfg|steps|size|x)[:=].{0,9},.*", fullmatch=True))
def test_any_line_is_read_or_refused_with_a_sentence(line: str) -> None:
    for known in (IN_LINE, fields.IN_LINE):
        try:
            read_settings_line(line, known)
        except UserError as error:
            assert_sendable(error)
            assert len(str(error)) < 300  # noqa: PT017 - most lines are refused, and some aren't
