"""A picture is sent whole where that is allowed, and keeps its text in whatever form it is sent."""

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
    """Noise is what compresses worst; smooth colours gain by WebP."""
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


def test_a_picture_within_the_limit_is_sent_as_it_is() -> None:
    data = png()
    upload = fit_file(data, len(data))
    assert (upload.data, upload.suffix, upload.note) == (data, ".png", "")


def test_a_larger_one_is_sent_without_loss_and_with_its_text() -> None:
    data = png(noisy=False)
    upload = fit_file(data, len(data) - 1)
    assert upload.suffix == ".webp"
    assert "lossless WebP" in upload.note
    assert read_text(upload.data) == TEXT
    before, after = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in (data, upload.data))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("limit", [100_000, 30_000, 8_000])
def test_one_that_is_still_too_large_becomes_a_jpeg_within_the_limit(limit: int) -> None:
    upload = fit_file(png(), limit)
    assert upload.suffix == ".jpg"
    assert len(upload.data) <= limit
    assert read_text(upload.data) == TEXT


def test_an_absurd_limit_ends_with_the_smallest_picture_and_not_in_a_loop() -> None:
    upload = fit_file(png(), 10)
    assert min(Image.open(io.BytesIO(upload.data)).size) >= 64


def test_four_pictures_share_one_request() -> None:
    data = png(2000)
    assert REQUEST_LIMIT / 4 < len(data) < 50 * 1024 * 1024
    uploads = fit_files([data] * 4, 50 * 1024 * 1024)
    assert sum(len(one.data) for one in uploads) < REQUEST_LIMIT
    assert {one.suffix for one in uploads} == {".jpg"}


def test_where_nobody_said_the_usual_limit_holds() -> None:
    data = png(2000)
    assert len(data) > DEFAULT_LIMIT
    (upload,) = fit_files([data], None)
    assert len(upload.data) <= DEFAULT_LIMIT
