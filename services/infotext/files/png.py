"""Text in the chunks of a PNG file, before and after its pixels. Checksums don't matter for text, so they aren't checked.

Source: PNG specification, sections 5.3 and 11.3; ImageMagick's "Raw profile type exif", which is older than eXIf.
"""

from __future__ import annotations

import re
import zlib

from services.infotext.files.contents import Contents, PartCounter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = re.compile(rb"[A-Za-z]{4}")
_RAW_PROFILES = ("Raw profile type exif", "Raw profile type APP1")


def read_png(data: bytes) -> Contents:
    """Raises: UserError, for too many chunks."""
    contents, parts = Contents(), PartCounter()
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        parts.count()
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        start, end = place + 8, place + 8 + length
        if not _CHUNK.fullmatch(kind):
            break
        if kind == b"IDAT":
            contents.has_pixels = True
        elif kind == b"IEND" or end > len(data):
            break
        elif kind in _READERS:
            _READERS[kind](data[start:end], contents)
        elif kind == b"eXIf":
            contents.exif = contents.take(data[start:end])
        place = end + 4
    return contents


def _read_text(chunk: bytes, contents: Contents) -> None:
    keyword, _, text = chunk.partition(b"\0")
    _add(keyword, contents.take(text), contents)


def _read_compressed(chunk: bytes, contents: Contents) -> None:
    keyword, _, rest = chunk.partition(b"\0")
    _add(keyword, _inflate(rest[1:], contents), contents)


def _read_international(chunk: bytes, contents: Contents) -> None:
    keyword, _, rest = chunk.partition(b"\0")
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    _, _, rest = rest.partition(b"\0")  # the language
    _, _, text = rest.partition(b"\0")  # the keyword in that language
    _add(keyword, _inflate(text, contents) if is_compressed else contents.take(text), contents)


_READERS = {b"tEXt": _read_text, b"zTXt": _read_compressed, b"iTXt": _read_international}


def _inflate(packed: bytes, contents: Contents) -> bytes:
    """What could be decompressed, without ever holding more than there is room for."""
    room = contents.room()
    if not room:
        return b""
    try:
        return contents.take(zlib.decompressobj().decompress(packed, room))
    except zlib.error:
        contents.give_up()
        return b""


def _add(keyword: bytes, text: bytes, contents: Contents) -> None:
    name = keyword[:79].decode("latin-1")
    if name in _RAW_PROFILES:
        contents.exif = contents.exif or _raw_profile(text)
    elif name == "XML:com.adobe.xmp":
        contents.xmp = text
    elif text:
        contents.texts[name] = _decoded(text)


def _decoded(text: bytes) -> str:
    """Some programs put UTF-8 into tEXt, which is defined as Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _raw_profile(text: bytes) -> bytes:
    """Hex digits after two lines, the profile's name and its length."""
    digits = b"".join(text.strip().split(b"\n")[2:])
    try:
        return bytes.fromhex(digits.decode("ascii", "replace"))
    except ValueError:
        return b""
