"""Read the embedding that A1111 stores in a text chunk of a PNG picture.

A1111 can also hide an embedding in the pixels. That form has no size limit and is never decoded here.

Source: PNG (third edition) 11.3; the chunk `sd-ti-embedding` is base64-encoded JSON, with tensors as nested lists.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from embeddings.errors import RefusedFile
from embeddings.tensors import RawTensor

PNG_START = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"sd-ti-embedding"
#: 75 vectors of 1024 numbers with 20 digits each make 1.6 MB of JSON
MAX_TEXT_BYTES = 3 * 1024 * 1024
MAX_CHUNKS = 5_000
_TENSOR = "TORCHTENSOR"


def open_picture(data: bytes) -> dict[str, Any]:
    """The data in the picture's text chunk, with its tensors as RawTensor. Raises: RefusedFile."""
    texts = [text for kind, body in _chunks(data) if (text := _embedding_text(kind, body)) is not None]
    if not texts:
        raise RefusedFile("This picture has no embedding in its metadata; embeddings hidden in pixels aren't read.")
    if len(texts) > 1:
        raise RefusedFile("This picture contains two embeddings; please send a picture with one.")
    try:
        # decoded here, because json would guess the encoding of bytes and import a codec for it
        text = base64.b64decode(texts[0], validate=True).decode("utf-8")
        tree = json.loads(text, object_pairs_hook=_table)
    except RefusedFile:
        raise
    except (binascii.Error, ValueError, RecursionError) as error:
        raise RefusedFile("This picture's embedding data is damaged; please download it again.") from error
    if not isinstance(tree, dict):
        raise RefusedFile("This picture's embedding data isn't in A1111's format.")
    return tree


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk. Every chunk must be whole, and the last one IEND."""
    position = len(PNG_START)
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            raise RefusedFile("This picture is cut off; please download it again.")
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        check = data[position + 8 + length : position + 12 + length]
        if check != struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))):
            raise RefusedFile("This picture is damaged; please download it again.")
        yield kind, body
        position += 12 + length
        if kind == b"IEND":
            return
    raise RefusedFile(f"This picture has more than {MAX_CHUNKS:,} chunks; one with an embedding has a few.")


def _embedding_text(kind: bytes, body: bytes) -> bytes | None:
    keyword, _, rest = body.partition(b"\0")
    if kind not in (b"tEXt", b"zTXt", b"iTXt") or keyword != KEYWORD:
        return None
    if len(rest) > MAX_TEXT_BYTES:
        raise RefusedFile(f"This picture's embedding data has {len(rest):,} bytes; the limit is {MAX_TEXT_BYTES:,}.")
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt" or rest[:1] != b"\0":
        raise RefusedFile("This picture's embedding data is compressed, which A1111 never does, so it wasn't read.")
    return rest[2:].split(b"\0", 2)[-1]  # after the language and the translated keyword, both usually empty


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any] | RawTensor:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise RefusedFile("This picture's embedding data uses a name twice, so it can't be read.")
    return _tensor(table[_TENSOR]) if _TENSOR in table else table


def _tensor(values: Any) -> RawTensor:
    """A tensor from a list of numbers, or from a list of such lists, all of the same length."""
    rows = values if isinstance(values, list) and values and isinstance(values[0], list) else [values]
    if not all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
        raise RefusedFile("The vectors in this picture aren't all of the same length.")
    if not all(type(number) in (int, float) for row in rows for number in row):
        raise RefusedFile("The vectors in this picture contain something other than numbers.")
    try:
        data = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    except (OverflowError, struct.error) as error:
        raise RefusedFile("The vectors in this picture contain numbers that are too large.") from error
    return RawTensor("F32", (len(rows), len(rows[0])), data)
