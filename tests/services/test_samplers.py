"""Samplers by the names that members know."""

from __future__ import annotations

import pytest

from services.errors import UnknownName
from services.samplers import SAMPLERS, find_sampler, sampler_of


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_is_found_by_id_and_by_title(sampler: str) -> None:
    assert find_sampler(sampler.upper()) == sampler
    assert find_sampler(f" {SAMPLERS[sampler].lower()} ") == sampler


def test_an_unknown_one_is_answered_with_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"There is no sampler 'eular'\. Perhaps Euler"):
        find_sampler("eular")


@pytest.mark.parametrize(
    ("title", "schedule", "sampler"),
    [
        ("DPM++ 2M", "Karras", "dpmpp_2m_karras"), ("DPM++ 2M Karras", None, "dpmpp_2m_karras"), ("DPM++ 2M", None, "dpmpp_2m"),
        ("Euler a", "Automatic", "euler_a"), ("k_euler_a", None, "euler_a"), ("euler", "", "euler"), ("UniPC", None, "unipc"),
        ("Euler", "Karras", None), ("DPM++ SDE", "Karras", None), ("", None, None),
    ],
)  # fmt: skip
def test_samplers_of_other_programs_are_known_or_not(title: str, schedule: str | None, sampler: str | None) -> None:
    assert sampler_of(title, schedule) == sampler
