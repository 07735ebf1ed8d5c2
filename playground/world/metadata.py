"""Remove what pictures carry besides their pixels: text, EXIF, XMP and comments in PNG, JPEG and WebP files."""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_METADATA = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
_WEBP_METADATA = {b"EXIF", b"XMP "}
_VP8X_METADATA_FLAGS = 0b1100  # EXIF and XMP
_SOS = 0xDA  # the compressed data follows
_JPEG_METADATA = {0xE1, 0xED, 0xFE}  # EXIF and XMP, IPTC, comments


def without_metadata(data: bytes) -> bytes:
    """The same pixels; files of other types, and broken ones, are returned unchanged."""
    try:
        if data.startswith(_PNG):
            return _PNG + b"".join(_png_chunks(data))
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError):
        pass
    return data


def _png_chunks(data: bytes) -> list[bytes]:
    chunks: list[bytes] = []
    at = len(_PNG)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind not in _PNG_METADATA:
            chunks.append(data[at:end])
        at = end
    return chunks


def _jpeg(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while data[at + 1] != _SOS:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] not in _JPEG_METADATA:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _webp(data: bytes) -> bytes:
    kept: list[bytes] = []
    at = 12
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        chunk = bytearray(data[at:end])
        if kind == b"VP8X":
            chunk[8] &= ~_VP8X_METADATA_FLAGS
        if kind not in _WEBP_METADATA:
            kept.append(bytes(chunk))
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
