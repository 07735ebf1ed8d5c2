"""Find the embedding that A1111 writes into the text of a PNG picture.

A1111 also hides it in the pixels; that form has no limit of size and is never decoded here.

Source: PNG (third edition) 11.3; the chunk `sd-ti-embedding` is base64 of JSON, with tensors as nested lists.
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
#: 75 vectors of 1024 numbers with 20 digits are 1.6 MB of JSON
MAX_TEXT_BYTES = 3 * 1024 * 1024
MAX_CHUNKS = 5_000
_TENSOR = "TORCHTENSOR"


def open_picture(data: bytes) -> dict[str, Any]:
    """The tree in the picture's text, with RawTensor where it had tensors. Raises: RefusedFile."""
    texts = [text for kind, body in _chunks(data) if (text := _embedding_text(kind, body)) is not None]
    if not texts:
        raise RefusedFile("This picture has no embedding in its text; one hidden in its pixels is never read.")
    if len(texts) > 1:
        raise RefusedFile("This picture has two embeddings in its text.")
    try:
        # decoded here: for bytes, json guesses the encoding and imports what it needs for it
        text = base64.b64decode(texts[0], validate=True).decode("utf-8")
        tree = json.loads(text, object_pairs_hook=_table)
    except RefusedFile:
        raise
    except (binascii.Error, ValueError, RecursionError) as error:
        raise RefusedFile("The text of this picture is damaged.") from error
    if not isinstance(tree, dict):
        raise RefusedFile("The text of this picture is no embedding.")
    return tree


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk; a picture may be cut off after the chunk that is wanted, but not within one."""
    position = len(PNG_START)
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        check = data[position + 8 + length : position + 12 + length]
        if check != struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))):
            raise RefusedFile("This picture is damaged.")
        yield kind, body
        position += 12 + length
        if kind == b"IEND":
            return
    raise RefusedFile("This picture is cut off.")


def _embedding_text(kind: bytes, body: bytes) -> bytes | None:
    keyword, _, rest = body.partition(b"\0")
    if kind not in (b"tEXt", b"zTXt", b"iTXt") or keyword != KEYWORD:
        return None
    if len(rest) > MAX_TEXT_BYTES:
        raise RefusedFile(f"The text of this picture has {len(rest):,} bytes; an embedding's has fewer.")
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt" or rest[:1] != b"\0":
        raise RefusedFile("The text of this picture is compressed, which A1111 does not do; it was not unpacked.")
    return rest[2:].split(b"\0", 2)[-1]  # behind the language and the translated keyword, both mostly empty


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any] | RawTensor:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise RefusedFile("A name stands twice in the text of this picture.")
    return _tensor(table[_TENSOR]) if _TENSOR in table else table


def _tensor(values: Any) -> RawTensor:
    """A tensor from a list of numbers, or a list of such lists of one length."""
    rows = values if isinstance(values, list) and values and isinstance(values[0], list) else [values]
    if not all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
        raise RefusedFile("The vectors in the text of this picture are not of one length.")
    if not all(type(number) in (int, float) for row in rows for number in row):
        raise RefusedFile("The vectors in the text of this picture are no numbers.")
    try:
        data = b"".join(struct.pack(f"<{len(row)}f", *row) for row in rows)
    except (OverflowError, struct.error) as error:
        raise RefusedFile("The text of this picture holds numbers that no vector has.") from error
    return RawTensor("F32", (len(rows), len(rows[0])), data)
