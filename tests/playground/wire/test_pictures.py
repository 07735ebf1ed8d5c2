"""The type and size of uploaded pictures."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from playground.wire.pictures import Picture, picture_in


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_type_and_size_are_read(form: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (31, 17)).save(file, form)
    assert picture_in(file.getvalue()) == Picture(f"image/{form.lower()}", 31, 17)


@given(st.binary(max_size=200))
def test_other_files_are_not_pictures(data: bytes) -> None:
    assert picture_in(data) is None
