"""Text anywhere in a picture file, and files that are crafted to take long or much memory."""

from __future__ import annotations

import io
import json
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.errors import UserError
from services.infotext.files import read_contents
from services.infotext.files.contents import MAX_ALL_BYTES, MAX_PARTS, MAX_TEXT_BYTES
from services.infotext.metadata import MAX_FILE_BYTES, exif_of, read_text
from tests.services.infotext.files.builders import (
    PIXELS,
    TEXT,
    XMP,
    bomb,
    chunk,
    jpeg,
    png,
    segment,
    text_chunk,
    webp,
)


@given(
    kind=st.sampled_from(["tEXt", "zTXt", "iTXt", "compressed iTXt"]),
    place=st.integers(0, 3),
    has_checksum=st.booleans(),
    text=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1).filter(
        lambda text: text.strip() and "sui_image_params" not in text  # which is SwarmUI's
    ),
)
def test_a_png_may_have_its_text_in_any_chunk_before_or_after_the_pixels(
    kind: str, place: int, has_checksum: bool, text: str
) -> None:
    parts = [text_chunk(b"Software", "x", "tEXt"), PIXELS, chunk(b"tIME", bytes(7))]
    own = text_chunk(b"parameters", text, kind)
    parts.insert(place, own if has_checksum else own[:-4] + b"\0\0\0\0")
    assert read_text(png(*parts)) == text.strip()


@pytest.mark.parametrize("kind", ["tEXt", "zTXt"])
def test_pillow_finds_the_same_text(kind: str) -> None:
    data = png(PIXELS, text_chunk(b"parameters", "a red fish", kind))
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.info["parameters"] == read_text(data) == "a red fish"


def raw_profile(body: bytes) -> bytes:
    return text_chunk(b"Raw profile type exif", f"\nexif\n{len(body):8}\n{body.hex()}\n", "zTXt")


@pytest.mark.parametrize(
    "data",
    [
        png(PIXELS, chunk(b"eXIf", exif_of(TEXT).removeprefix(b"Exif\0\0"))),
        png(PIXELS, raw_profile(exif_of(TEXT))),
        png(text_chunk(b"Description", TEXT, "tEXt"), PIXELS),
        jpeg(segment(0xE1, exif_of(TEXT))),
        jpeg(segment(0xE0, b"JFIF\0"), b"\xff\xff" + segment(0xFE, TEXT.encode())),
        webp((b"EXIF", exif_of(TEXT))),
        webp((b"EXIF", exif_of(TEXT).removeprefix(b"Exif\0\0"))),
    ],
    ids=["eXIf", "raw profile", "description", "APP1", "comment", "WebP", "WebP without a prefix"],
)
def test_text_is_found_in_every_place_where_programs_put_it(data: bytes) -> None:
    assert read_text(data) == TEXT


@pytest.mark.parametrize(
    "data",
    [
        png(PIXELS, text_chunk(b"XML:com.adobe.xmp", XMP, "iTXt")),
        jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode())),
        webp((b"XMP ", XMP.encode())),
    ],
    ids=["PNG", "JPEG", "WebP"],
)
def test_text_that_an_editor_moved_into_xmp_is_found(data: bytes) -> None:
    assert read_text(data) == "a <fish>\nSteps: 20, Sampler: Euler, Seed: 7"


@pytest.mark.parametrize(
    "data",
    [
        jpeg(segment(0xFE, b"CREATOR: gd-jpeg v1.0, quality: 90, a: 1")),
        png(PIXELS, text_chunk(b"Comment", "Created with GIMP", "tEXt")),
        webp((b"XMP ", b"<dc:description>my cat</dc:description>")),
    ],
    ids=["JPEG", "PNG", "WebP"],
)
def test_comments_of_other_kinds_are_not_taken_for_metadata(data: bytes) -> None:
    assert read_text(data) is None


def test_exif_in_several_segments_is_joined() -> None:
    long = "wörter " * 12_000
    block = exif_of(long).removeprefix(b"Exif\0\0")
    parts = [block[place : place + 60_000] for place in range(0, len(block), 60_000)]
    assert len(parts) > 1
    assert read_text(jpeg(*(segment(0xE1, b"Exif\0\0" + part) for part in parts))) == long[: 64 * 1024].strip()


def broken_bombs() -> bytes:
    """Many texts that fail to decompress only near the end."""
    packed = zlib.compress(b"x" * MAX_TEXT_BYTES, 9)[:-4] + b"oops"
    return png(PIXELS, *(chunk(b"zTXt", b"a\0\0" + packed) for _ in range(15_000)))


def graph_of_chains() -> bytes:
    """A ComfyUI graph whose samplers are all at the end of one chain."""
    nodes: dict[str, object] = {
        str(n): {"class_type": "X", "inputs": {name: [str(n + 1), 0] for name in ("positive", "clip", "samples")}}
        for n in range(5000)
    }
    nodes |= {
        f"k{n}": {"class_type": "KSampler", "inputs": {"positive": ["0", 0], "latent_image": ["0", 0]}}
        for n in range(5000)
    }
    return png(PIXELS, text_chunk(b"prompt", json.dumps(nodes), "zTXt"))


def many_tags() -> bytes:
    """EXIF whose 65,535 tags all have the same 60 KB as their value: 4 GB for a reader that copies them."""
    tags = b"".join(struct.pack("<HHII", tag, 7, 60_000, 0) for tag in range(5000))
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 65535) + tags + bytes(4)


CRAFTED: dict[str, Callable[[], bytes]] = {
    "zlib bomb": lambda: png(PIXELS, chunk(b"zTXt", b"parameters\0\0" + bomb())),
    "many zlib bombs": lambda: png(PIXELS, *[chunk(b"zTXt", b"parameters\0\0" + bomb(8 * 2**20))] * 1000),
    "broken zlib bombs": broken_bombs,
    "many texts": lambda: png(PIXELS, *(text_chunk(b"k%d" % n, "x" * 900, "tEXt") for n in range(19_000))),
    "many chunks": lambda: png(PIXELS, chunk(b"abCD", b"") * 800_000),
    "many segments": lambda: jpeg(segment(0xFE, b"") * 2_000_000),
    "many EXIF segments": lambda: jpeg(segment(0xE1, b"Exif\0\0" + bytes(400)) * 19_000),
    "full EXIF segments": lambda: jpeg(segment(0xE1, b"Exif\0\0" + many_tags()) * 150),
    "many markers": lambda: b"\xff\xd8\xff" + b"\xff\xd0" * 5_000_000,
    "padding": lambda: b"\xff\xd8" + b"\xff" * 10_000_000,
    "many WebP chunks": lambda: webp(*[(b"ANMF", b"")] * 100_000),
    "many tags": lambda: png(PIXELS, chunk(b"eXIf", many_tags())),
    "tags in WebP": lambda: webp((b"EXIF", many_tags()), (b"EXIF", many_tags())),
    "XMP": lambda: webp((b"XMP ", b"<dc:description>" * 60_000)),
    "more XMP": lambda: webp((b"XMP ", b"<dc:description><rdf:li " * 40_000)),
    "ComfyUI chains": graph_of_chains,
    "JSON": lambda: png(PIXELS, text_chunk(b"prompt", '{"class_type": [' + "[]," * 340_000 + "[]]}", "zTXt")),
    "commas": lambda: png(PIXELS, text_chunk(b"Comment", "Steps: 1," * 100_000, "tEXt")),
}


@pytest.mark.parametrize("craft", CRAFTED.values(), ids=CRAFTED.keys())
def test_crafted_files_take_neither_long_nor_much_memory(craft: Callable[[], bytes]) -> None:
    data = craft()
    assert len(data) <= MAX_FILE_BYTES
    started = time.process_time()
    with suppress(UserError):
        read_text(data)
    assert time.process_time() - started < 2
    tracemalloc.start()
    with suppress(UserError):
        read_text(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(data) + 16 * MAX_ALL_BYTES


def test_a_file_of_too_many_parts_is_refused_with_a_remedy() -> None:
    with pytest.raises(UserError, match=r"more than 20,000 parts.* save it again"):
        read_contents(png(chunk(b"abCD", b"") * MAX_PARTS))


def test_a_text_that_is_too_long_is_read_up_to_the_limit() -> None:
    found = read_contents(png(PIXELS, text_chunk(b"prompt", "x" * (MAX_TEXT_BYTES + 9), "zTXt")))
    assert len(found.texts["prompt"]) == MAX_TEXT_BYTES


def test_the_last_of_two_texts_counts_as_with_other_readers() -> None:
    data = png(text_chunk(b"parameters", "first", "tEXt"), PIXELS, text_chunk(b"parameters", "second", "iTXt"))
    assert read_text(data) == "second"
