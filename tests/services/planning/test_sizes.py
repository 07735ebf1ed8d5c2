"""Sizes as people write them: pixels, a ratio, or a shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UserError
from services.planning.sizes import parse_size
from tests.builders import a_checkpoint
from tests.refusals import refused

SD15 = a_checkpoint(width=512, height=512, multiple=8, min_side=256, max_side=1024)


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        (None, (512, 512)),
        ("512x768", (512, 768)),
        (" 512 × 768 ", (512, 768)),
        ("768*512", (768, 512)),
        ("square", (512, 512)),
        ("Portrait", (512, 768)),
        (" landscape", (768, 512)),
        ("1:1", (512, 512)),
        ("2:3", (416, 624)),
        ("3/2", (624, 416)),
        ("16:9", (680, 384)),
        ("1.91:1", (704, 368)),
    ],
)
def test_a_size_is_understood(typed: str | None, size: tuple[int, int]) -> None:
    assert parse_size(typed, SD15) == size


@given(st.floats(0.25, 4).map(lambda ratio: f"{ratio:.3f}:1"))
def test_any_ratio_gives_a_size_that_the_model_takes(typed: str) -> None:
    width, height = parse_size(typed, SD15)
    assert parse_size(f"{width}x{height}", SD15) == (width, height)
    assert 0.6 < width * height / 512**2 < 1.4


@pytest.mark.parametrize("typed", ["9:1", "1:9"])
def test_extreme_ratios_are_refused(typed: str) -> None:
    with refused("A picture can be at most 4 times as long as it is wide"):
        parse_size(typed, SD15)


@pytest.mark.parametrize("typed", ["wide", "0:3", "3:0", "512", "512x", "1:2:3", ""])
def test_what_is_no_size_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(UserError, match="Write the size as width x height, for example 512x512, or as 2:3"):
        parse_size(typed, SD15)
