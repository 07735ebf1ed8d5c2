"""A picture is uploaded unchanged if the limit allows, and keeps its infotext in every format."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.infotext.metadata import read_text
from services.pictures.uploads import DEFAULT_LIMIT, REQUEST_LIMIT, fit_file, fit_files

TEXT = "a red fish — 金魚\nNegative prompt: demo-artifacts, blurry\nSteps: 20, Seed: 7"


def png(side: int = 256, *, noisy: bool = True) -> bytes:
    """Noise compresses worst; smooth gradients get smaller as WebP."""
    numbers = np.random.default_rng(0)
    if noisy:
        values = numbers.integers(0, 256, (side, side, 3), dtype=np.uint8)
    else:
        across = np.linspace(0, 255, side).astype(np.uint8)
        values = np.stack([np.add.outer(across // 2, across // 3)] * 3, axis=-1).astype(np.uint8)
    info = PngInfo()
    info.add_itxt("parameters", TEXT)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_a_picture_within_the_limit_is_unchanged() -> None:
    data = png()
    upload = fit_file(data, len(data))
    assert (upload.data, upload.suffix, upload.note) == (data, ".png", "")


def test_a_larger_picture_becomes_lossless_webp_with_its_infotext() -> None:
    data = png(noisy=False)
    upload = fit_file(data, len(data) - 1)
    assert upload.suffix == ".webp"
    assert "lossless WebP" in upload.note
    assert read_text(upload.data) == TEXT
    before, after = (np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in (data, upload.data))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("limit", [100_000, 30_000, 8_000])
def test_a_picture_too_large_for_webp_becomes_a_jpeg_within_the_limit(limit: int) -> None:
    upload = fit_file(png(), limit)
    assert upload.suffix == ".jpg"
    assert len(upload.data) <= limit
    assert read_text(upload.data) == TEXT


def test_an_absurd_limit_gives_the_smallest_picture() -> None:
    upload = fit_file(png(), 10)
    assert min(Image.open(io.BytesIO(upload.data)).size) >= 64


def test_four_pictures_fit_into_one_request() -> None:
    data = png(1500)
    assert REQUEST_LIMIT / 4 < len(data) < 50 * 1024 * 1024
    uploads = fit_files([data] * 4, 50 * 1024 * 1024)
    assert sum(len(upload.data) for upload in uploads) < REQUEST_LIMIT
    assert {upload.suffix for upload in uploads} == {".jpg"}


def test_without_a_stated_limit_the_default_applies() -> None:
    data = png(2000)
    assert len(data) > DEFAULT_LIMIT
    (upload,) = fit_files([data], None)
    assert len(upload.data) <= DEFAULT_LIMIT
