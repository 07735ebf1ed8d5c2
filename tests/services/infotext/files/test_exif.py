"""EXIF's text, compared with Pillow's reader."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.infotext.files.exif import (
    DESCRIPTION,
    EXIF_IFD,
    MAKE,
    MODEL,
    SOFTWARE,
    USER_COMMENT,
    read_exif,
)

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    tags=st.dictionaries(st.sampled_from([DESCRIPTION, MAKE, MODEL, SOFTWARE]), WORDS),
    comment=WORDS | st.none(),
    order=st.sampled_from(["<", ">"]),
)
def test_everything_that_pillow_writes_is_read(tags: dict[int, str], comment: str | None, order: str) -> None:
    exif = Image.Exif()
    exif.endian = order
    exif.update({**tags, 0x0112: 1, 0x011A: 72.0})
    if comment is not None:
        exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"ASCII\0\0\0" + comment.encode()
    found = read_exif(exif.tobytes())
    expected = tags | ({} if comment is None else {USER_COMMENT: comment})
    assert {tag: text.strip("\0") for tag, text in found.items()} == expected


@given(st.binary(max_size=300), st.sampled_from([b"", b"II*\0", b"MM\0*", b"II*\0\x08\0\0\0", b"Exif\0\0II*\0"]))
def test_no_block_raises(block: bytes, head: bytes) -> None:
    read_exif(head + block)


def test_a_directory_that_contains_itself_ends() -> None:
    entry = b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"
    assert read_exif(b"II*\0\x08\0\0\0\x01\0" + entry + bytes(4)) == {}
