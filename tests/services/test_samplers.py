"""Samplers by their ids, titles and other programs' names."""

from __future__ import annotations

import pytest

from services.errors import UnknownName
from services.samplers import SAMPLERS, find_sampler, parse_sampler


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_is_found_by_id_and_by_title(sampler: str) -> None:
    assert find_sampler(sampler.upper()) == sampler
    assert find_sampler(f" {SAMPLERS[sampler].lower()} ") == sampler


def test_for_an_unknown_sampler_similar_ones_are_suggested() -> None:
    with pytest.raises(UnknownName, match=r"There's no sampler 'eular'\. Did you mean Euler"):
        find_sampler("eular")


@pytest.mark.parametrize(
    ("title", "schedule", "sampler"),
    [
        ("DPM++ 2M", "Karras", "dpmpp_2m_karras"),
        ("DPM++ 2M Karras", None, "dpmpp_2m_karras"),
        ("DPM++ 2M", None, "dpmpp_2m"),
        ("Euler a", "Automatic", "euler_a"),
        ("k_euler_a", None, "euler_a"),
        ("euler", "", "euler"),
        ("UniPC", None, "unipc"),
        ("Euler", "Karras", None),
        ("DPM++ SDE", "Karras", None),
        ("", None, None),
    ],
)
def test_other_programs_sampler_names_are_recognised(title: str, schedule: str | None, sampler: str | None) -> None:
    assert parse_sampler(title, schedule) == sampler
