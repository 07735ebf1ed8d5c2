"""The text in a picture's file, wherever programs put it and however they encode it."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.errors import UserError
from services.infotext.metadata import MAX_TEXT, exif_of, read_text

TEXT = "a fish\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: 7"
FOREIGN = "größer, 日本語, 🐟\nSteps: 20, Sampler: Euler, Seed: 7"
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def saved(form: str, **more: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form, **more)
    return file.getvalue()


def outcome(data: bytes) -> tuple[str | None, str]:
    """The text, and the sentence of the error."""
    try:
        return read_text(data), ""
    except UserError as error:
        return None, str(error)


def png(value: str | bytes, *, international: bool = False, compressed: bool = False) -> bytes:
    chunk = PngInfo()
    add = chunk.add_itxt if international else chunk.add_text
    add("parameters", value, zip=compressed)  # pyright: ignore[reportArgumentType]
    return saved("PNG", pnginfo=chunk)


def with_comment(comment: bytes, form: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
    return saved(form, exif=exif.tobytes())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("text", [TEXT, FOREIGN, "größer"])
def test_a_png_has_the_text_in_either_kind_of_chunk(text: str, compressed: bool) -> None:
    assert read_text(png(text, international=True, compressed=compressed)) == text
    assert read_text(png(text, compressed=compressed)) == text


def test_a_latin_1_chunk_may_hold_utf_8() -> None:
    assert read_text(png(FOREIGN.encode("utf-8"))) == FOREIGN


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("text", [TEXT, FOREIGN])
def test_exif_is_read_back(form: str, text: str) -> None:
    assert read_text(saved(form, exif=exif_of(text))) == text


def test_exif_is_written_as_a1111_writes_it() -> None:
    comment = Image.Exif()
    comment.load(exif_of(TEXT))
    assert comment.get_ifd(EXIF_IFD)[USER_COMMENT] == b"UNICODE\0" + TEXT.encode("utf-16-be")


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + FOREIGN.encode("utf-16-le"),
        b"UNICODE\0" + FOREIGN.encode("utf-16-be"),
        b"UNICODE\0" + FOREIGN.encode("utf-16"),
        b"ASCII\0\0\0" + FOREIGN.encode(),
        bytes(8) + FOREIGN.encode(),
        FOREIGN.encode(),
    ],
)
def test_comments_of_other_programs_are_read_in_their_encodings(comment: bytes) -> None:
    assert read_text(with_comment(comment)) == FOREIGN
    assert read_text(with_comment(comment, "WEBP")) == FOREIGN


def test_a_pngs_chunk_is_preferred_to_its_exif() -> None:
    chunk = PngInfo()
    chunk.add_text("parameters", TEXT)
    assert read_text(saved("PNG", pnginfo=chunk, exif=exif_of("another"))) == TEXT


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_a_photo_has_no_text(form: str) -> None:
    assert read_text(saved(form)) is None


def test_an_endless_text_is_truncated() -> None:
    assert len(read_text(png("x" * (MAX_TEXT + 10))) or "") == MAX_TEXT


def test_control_characters_are_left_out() -> None:
    assert read_text(saved("JPEG", exif=exif_of("a\0b\r\n\x1bc"))) == "ab\nc"


def test_pixels_are_never_decoded() -> None:
    """The picture's own data is missing, so decoding it would fail."""
    whole = png(TEXT)
    assert read_text(whole[: whole.index(b"IDAT") + 8]) == TEXT


def test_a_picture_of_any_size_is_read() -> None:
    """Its pixels would take 10 GB, but none is decoded."""
    head = (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    chunk = len(head).to_bytes(4, "big") + b"IHDR" + head + zlib.crc32(b"IHDR" + head).to_bytes(4, "big")
    whole = png(TEXT)
    assert read_text(whole[:8] + chunk + whole[8 + len(chunk) :]) == TEXT


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a" + bytes(20), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1\x00"])
def test_a_file_that_is_not_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UserError, match=r"please send (a|the original) PNG, JPEG or WebP"):
        read_text(data)


WHOLE = [
    png(TEXT),
    png(FOREIGN, international=True),
    saved("JPEG", exif=exif_of(TEXT)),
    saved("WEBP", exif=exif_of(TEXT)),
]


@given(data=st.binary(max_size=200), head=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"]))
def test_any_bytes_give_one_clear_sentence(data: bytes, head: bytes) -> None:
    text, sentence = outcome(head + data)
    assert text is None
    assert sentence == "" or sentence.endswith((" picture.", " file."))


@given(whole=st.sampled_from(WHOLE), place=st.floats(0, 1), junk=st.binary(max_size=8), cut=st.booleans())
@example(whole=WHOLE[2], place=0.05, junk=b"\xff\xff\xff\xff", cut=False)
def test_a_damaged_picture_gives_its_text_or_one_clear_error(
    whole: bytes, place: float, junk: bytes, cut: bool
) -> None:
    at = int(place * len(whole))
    text, sentence = outcome(whole[:at] + junk + (b"" if cut else whole[at + len(junk) :]))
    assert text is None or text.encode("utf-8")
    assert sentence == "" or sentence.endswith((" picture.", " file."))


@given(comment=st.binary(max_size=60), head=st.sampled_from([b"", b"UNICODE\0", b"ASCII\0\0\0", bytes(8)]))
def test_any_comment_is_read(comment: bytes, head: bytes) -> None:
    text = read_text(with_comment(head + comment))
    assert text is None or text.encode("utf-8")
