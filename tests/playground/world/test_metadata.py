"""Removing metadata from pictures without touching their pixels."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from playground.world import World
from playground.world.clock import Clock
from playground.world.metadata import without_metadata

TEXT = "a red fish, Steps: 5"


def picture(form: str) -> bytes:
    """A picture with text in it, in each place its format has for that."""
    image = Image.effect_noise((32, 16), 60).convert("RGB")
    exif = image.getexif()
    exif[0x010E] = TEXT
    info = PngInfo()
    info.add_text("parameters", TEXT)
    info.add_itxt("prompt", TEXT)
    info.add_text("compressed", TEXT, zip=True)
    more = {"PNG": {"pnginfo": info}, "JPEG": {"comment": TEXT}, "WEBP": {"lossless": True, "xmp": TEXT}}[form]
    file = io.BytesIO()
    image.save(file, form, exif=exif, **more)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_text_is_removed_and_pixels_stay(form: str) -> None:
    before = picture(form)
    after = without_metadata(before)
    assert TEXT.encode() in before
    assert TEXT.encode() not in after
    with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
        assert old.tobytes() == new.tobytes()
        assert dict(new.getexif()) == {}
        assert not set(new.info) & {"parameters", "prompt", "compressed", "comment", "exif", "xmp"}


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]))
def test_other_and_broken_files_do_not_raise(data: bytes, start: bytes) -> None:
    assert isinstance(without_metadata(start + data), bytes)


def test_other_files_are_unchanged() -> None:
    assert without_metadata(b"just text") == b"just text"


def test_uploads_keep_their_metadata_unless_switched_off() -> None:
    world, data = World(Clock()), picture("PNG")
    assert world.attachments[world.store_file("a.png", data)] == ("a.png", data)
    world.strips_metadata = True
    assert TEXT.encode() not in world.attachments[world.store_file("a.png", data)][1]
