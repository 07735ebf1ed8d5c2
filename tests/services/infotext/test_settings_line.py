"""Settings in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UserError
from services.infotext.settings_line import read_settings_line, settings_of
from services.requests import GenerationRequest
from services.samplers import SAMPLERS, find_sampler


def test_the_line_has_a1111s_form() -> None:
    request = GenerationRequest(steps=20, sampler="euler", cfg=4.0, seed=7, size="64x64", model="demo", count=1)
    line = "Steps: 20, Sampler: Euler, CFG scale: 4, Seed: 7, Size: 64x64, Model: Demo"
    assert settings_of(request, "Demo") == line
    assert settings_of(GenerationRequest(), None) == ""


def test_what_is_left_out_is_left_open() -> None:
    assert read_settings_line("") == GenerationRequest(count=1)
    assert read_settings_line("Seed: 7, Steps:\n cfg: 3.5,") == GenerationRequest(seed=7, cfg=3.5, count=1)
    assert read_settings_line("count: 3").count == 3


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
        ("Stps: 20", "There is no setting 'Stps'. There are: Steps, Sampler, CFG scale, Seed, Size, Model, Count."),
        ("Steps 20", "'Steps 20' is no setting"),
        ("Steps: 2.5", "Steps takes a whole number, and '2.5' is none."),
        ("Seed: 7, 8", "'8' is no setting"),
        ("CFG scale: nan", "CFG scale takes a number, and 'nan' is none."),
    ],
)
def test_what_is_not_understood_is_said(line: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        read_settings_line(line)
    assert sentence in str(refused.value)


@given(
    steps=st.integers(1, 150) | st.none(), sampler=st.sampled_from([*SAMPLERS, None]), seed=st.integers(0, 2**32) | st.none(),
    cfg=st.floats(0, 30).map(lambda one: round(one, 3)) | st.none(), count=st.integers(1, 4),
    model=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20) | st.none(),
)  # fmt: skip
def test_every_line_is_read_back(
    steps: int | None, sampler: str | None, seed: int | None, cfg: float | None, count: int, model: str | None
) -> None:
    request = GenerationRequest(steps=steps, sampler=sampler, seed=seed, cfg=cfg, count=count, model=model, size="8x8")
    read = read_settings_line(settings_of(request, model))
    assert (read.steps, read.seed, read.cfg, read.count) == (steps, seed, cfg, count)
    assert (read.model, read.size) == (model, "8x8")
    assert (None if read.sampler is None else find_sampler(read.sampler)) == sampler


@given(st.text(max_size=100))
def test_any_line_is_read_or_refused_with_a_sentence(line: str) -> None:
    try:
        read = read_settings_line(line)
    except UserError as error:
        read = str(error)
    assert isinstance(read, GenerationRequest) or read.endswith((".", " so on."))
