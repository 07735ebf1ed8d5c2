"""Picture files put together from their parts, so that they can be of any shape."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

TEXT = "a fish, größer\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: 7"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">'
    "a &lt;fish&gt;\nSteps: 20, Sampler: Euler, Seed: 7</rdf:li></rdf:Alt></exif:UserComment></rdf:RDF></x:xmpmeta>"
)


def chunk(kind: bytes, body: bytes, checksum: int | None = None) -> bytes:
    own = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", own)


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
PIXELS, END = chunk(b"IDAT", zlib.compress(bytes(72))), chunk(b"IEND", b"")


def text_chunk(keyword: bytes, text: str, kind: str) -> bytes:
    body = text.encode()
    match kind:
        case "tEXt":
            return chunk(b"tEXt", keyword + b"\0" + body)
        case "zTXt":
            return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(body))
        case "iTXt":
            return chunk(b"iTXt", keyword + b"\0\0\0de\0Titel\0" + body)
        case _:
            return chunk(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(body))


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + HEAD + b"".join(chunks) + END


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*segments: bytes) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return b"\xff\xd8" + b"".join(segments) + file.getvalue()[2:]


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP")
    more = b"".join(kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for kind, body in chunks)
    return file.getvalue() + more


def bomb(size: int = 200 * 2**20) -> bytes:
    """Compressed zeros."""
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(bytes(2**20)) for _ in range(size // 2**20)), packer.flush()])
