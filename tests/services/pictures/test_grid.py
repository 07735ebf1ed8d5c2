"""The sheet of a comparison: every cell in its place, with room for its label."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.comparison import Comparison, Row, without_each_all
from services.infotext.metadata import read_text
from services.pictures.grid import MAX_WIDTH, draw_grid

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30)]
ONE_ROW, TWO_ROWS = (Row(0, 6.0),), (Row(0, 6.0), Row(1, 6.0))


def a_cell(colour: tuple[int, int, int], size: tuple[int, int] = (64, 96), text: str = "a fish\nSteps: 5") -> bytes:
    chunk = PngInfo()
    chunk.add_text("parameters", text)
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG", pnginfo=chunk)
    return file.getvalue()


def drawn(comparison: Comparison, size: tuple[int, int] = (64, 96), *, cells: int | None = None) -> Image.Image:
    colours = COLOURS[: len(comparison) if cells is None else cells]
    data = draw_grid(comparison, 7, {number: a_cell(colour, size) for number, colour in enumerate(colours)})
    return Image.open(io.BytesIO(data)).convert("RGB")


def centre_of(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[float, float]:
    """Where a colour is on the sheet, from 0 to 1 each way."""
    places = np.argwhere((np.asarray(sheet) == colour).all(axis=2))
    assert len(places), f"{colour} is nowhere"
    y, x = places.mean(axis=0)
    return x / sheet.width, y / sheet.height


def test_cells_stand_row_by_row() -> None:
    sheet = drawn(Comparison(without_each_all(("blur",)), TWO_ROWS))
    (left, top), (right, same_row), (same_column, bottom), corner = (centre_of(sheet, colour) for colour in COLOURS)
    assert (same_column, same_row) == pytest.approx((left, top))
    assert corner == pytest.approx((right, bottom))
    assert left < right
    assert top < bottom


def test_cells_that_are_not_shown_stay_grey() -> None:
    comparison = Comparison(without_each_all(("blur",)), ONE_ROW)
    sheet = drawn(comparison, cells=1)
    assert sheet.size == drawn(comparison).size
    assert sheet.getpixel((sheet.width - 20, sheet.height // 2)) == (138, 141, 148)


@pytest.mark.parametrize("label", ["blur", "a-name-that-is-much-too-long-for-its-column-and-has-to-be-shortened:1.25"])
def test_labels_are_written_above_their_column_and_stay_within_it(label: str) -> None:
    sheet = drawn(Comparison(without_each_all((label,)), ONE_ROW))
    top = np.asarray(sheet)[:20].astype(int).sum(axis=2)
    ink = np.flatnonzero((top < 300).any(axis=0))
    middle = sheet.width / 2
    assert ink.min() < middle < ink.max()
    assert not ((ink > middle - 3) & (ink < middle + 3)).any()


def test_a_sheet_of_large_pictures_is_scaled_down_as_a_whole() -> None:
    sheet = drawn(Comparison(without_each_all(("blur", "tint")), ONE_ROW), (1024, 512))
    assert sheet.width <= MAX_WIDTH + 100
    assert centre_of(sheet, COLOURS[3])[0] > 0.8


def test_the_sheet_carries_the_text_of_its_last_cell_and_what_its_columns_are() -> None:
    comparison = Comparison(without_each_all(("blur",)), ONE_ROW)
    data = draw_grid(comparison, 7, {0: a_cell(COLOURS[0], text="left"), 1: a_cell(COLOURS[1], text="right")})
    assert read_text(data) == 'right, Script: X/Y/Z plot, X Type: Negative embeddings, X Values: "without, blur"'
    blind = Comparison(comparison.columns, ONE_ROW, is_blind=True)
    assert read_text(draw_grid(blind, 7, {0: a_cell(COLOURS[0]), 1: a_cell(COLOURS[1])})) is None
