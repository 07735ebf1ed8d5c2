"""Recognize a picture file by its first bytes, and find the text in JPEG and WebP files."""

from __future__ import annotations

from services.errors import UserError
from services.infotext.files.contents import Contents, PartCounter
from services.infotext.files.png import SIGNATURE, read_png

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_APP1, _COMMENT, _SCAN, _END = 0xE1, 0xFE, 0xDA, 0xD9
#: markers that consist of nothing but themselves
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def read_contents(data: bytes) -> Contents:
    """The text in a PNG, JPEG or WebP file; no pixel is decoded.

    Raises: UserError, for a file of another format, or one that consists of too many parts.
    """
    if data.startswith(SIGNATURE):
        return read_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    raise UserError("I can't read that file; please send a PNG, JPEG or WebP picture.")


def _read_jpeg(data: bytes) -> Contents:
    """All segments before the pixels. Source: ITU T.81, annex B."""
    contents, parts = Contents(), PartCounter()
    exif = bytearray()
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        parts.count()
        marker, place = data[place + 1], place + 2
        if marker == 0xFF:  # padding
            place -= 1
            continue
        if marker in _BARE:
            continue
        length = int.from_bytes(data[place : place + 2], "big")
        segment = data[place + 2 : place + length]
        if marker in (_SCAN, _END) or length < 2:
            contents.has_pixels = marker == _SCAN
            break
        if marker == _APP1 and segment.startswith(_EXIF):
            exif += contents.take(segment.removeprefix(_EXIF))  # EXIF over 64 KB goes on in another segment
        elif marker == _APP1 and segment.startswith(_XMP):
            contents.xmp = contents.take(segment.removeprefix(_XMP))
        elif marker == _COMMENT and not contents.comment:
            contents.comment = contents.take(segment)
        place += length
    contents.exif = bytes(exif)
    return contents


def _read_webp(data: bytes) -> Contents:
    """Source: WebP container specification."""
    contents, parts = Contents(), PartCounter()
    place = 12
    while place + 8 <= len(data):
        parts.count()
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        start, end = place + 8, place + 8 + length
        if kind in (b"VP8 ", b"VP8L", b"ANMF"):
            contents.has_pixels = True
        if end > len(data):
            break
        if kind == b"EXIF":
            contents.exif = contents.take(data[start:end])
        elif kind == b"XMP ":
            contents.xmp = contents.take(data[start:end])
        place = end + length % 2
    return contents
