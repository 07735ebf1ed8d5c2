"""Put the cells of a comparison onto one sheet with labels, so that people can look instead of reading."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import cast

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from services.comparison import Comparison
from services.infotext.metadata import read_text
from services.text import shorten

#: wider sheets are scaled down; Discord's viewer shows no more
MAX_WIDTH = 3072  # pixels
_GAP = 6  # pixels
_MIN_CELL = 220  # pixels; smaller cells are enlarged, so that their labels fit
_PAPER, _INK, _HIDDEN = "#f4f4f6", "#1c1d22", "#8a8d94"


def draw_grid(comparison: Comparison, seed: int, cells: Mapping[int, bytes]) -> bytes:
    """A PNG with a label above each column and beside each row; cells that are missing stay grey. `seed` is the plan's.

    Its infotext is that of the last cell, with the columns' names added as A1111 writes those of a grid.
    """
    pictures = {number: _open(data) for number, data in cells.items()}
    columns, rows = len(comparison.columns), len(comparison.rows)
    width, height = _cell_size(pictures, columns)
    font_size = max(14, width // 14)
    font = cast(ImageFont.FreeTypeFont, ImageFont.load_default(font_size))
    band = 2 * font_size
    row_labels = comparison.row_labels(seed)
    left = band if any(row_labels) else 0
    sheet = Image.new("RGB", (left + columns * (width + _GAP) - _GAP, band + rows * (height + _GAP) - _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number in range(columns * rows):
        row, column = divmod(number, columns)
        place = (left + column * (width + _GAP), band + row * (height + _GAP))
        if number in pictures:
            sheet.paste(pictures[number].resize((width, height), Image.Resampling.LANCZOS), place)
        else:
            draw.rectangle((*place, place[0] + width - 1, place[1] + height - 1), fill=_HIDDEN)
    for column, label in enumerate(comparison.shown_labels):
        middle = left + column * (width + _GAP) + width / 2
        draw.text((middle, band / 2), _fitting(label, font, width), _INK, font, anchor="mm")
    for row, label in enumerate(row_labels if left else ()):
        _write_upwards(sheet, _fitting(label, font, height), font, (0, band + row * (height + _GAP)), (band, height))
    return _encode(sheet, comparison, cells)


def _open(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")


def _cell_size(pictures: Mapping[int, Image.Image], columns: int) -> tuple[int, int]:
    width, height = next((picture.size for picture in pictures.values()), (_MIN_CELL, _MIN_CELL))
    wanted = min(max(width, _MIN_CELL), MAX_WIDTH // columns)
    return wanted, round(height * wanted / width)


def _fitting(label: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    characters = len(label)
    while characters > 1 and font.getlength(shorten(label, characters)) > room:
        characters -= 1
    return shorten(label, characters)


def _write_upwards(
    sheet: Image.Image,
    label: str,
    font: ImageFont.FreeTypeFont,
    place: tuple[int, int],
    size: tuple[int, int],
) -> None:
    width, height = size
    strip = Image.new("RGB", (height, width), _PAPER)
    ImageDraw.Draw(strip).text((height / 2, width / 2), label, _INK, font, anchor="mm")
    sheet.paste(strip.rotate(90, expand=True), place)


def _encode(sheet: Image.Image, comparison: Comparison, cells: Mapping[int, bytes]) -> bytes:
    chunk = PngInfo()
    if cells and not comparison.is_blind and (text := read_text(cells[max(cells)])):
        values = ", ".join(comparison.shown_labels)
        chunk.add_text("parameters", f'{text}, Script: X/Y/Z plot, X Type: Negative embeddings, X Values: "{values}"')
    file = io.BytesIO()
    sheet.save(file, "PNG", pnginfo=chunk)
    return file.getvalue()
