"""Samplers by the names that members know."""

from __future__ import annotations

import pytest

from services.errors import UnknownName
from services.samplers import SAMPLERS, find_sampler


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_is_found_by_id_and_by_title(sampler: str) -> None:
    assert find_sampler(sampler.upper()) == sampler
    assert find_sampler(f" {SAMPLERS[sampler].lower()} ") == sampler


def test_an_unknown_one_is_answered_with_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"There is no sampler 'eular'\. Perhaps Euler"):
        find_sampler("eular")
