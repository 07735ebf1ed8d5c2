"""Pictures with an embedding in A1111's text chunk, intact and broken."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import pytest

from embeddings.conversion import convert_bytes
from embeddings.errors import RefusedFile
from tests.embeddings.files import pair, rows
from tests.embeddings.foreign.builders import (
    a1111_png,
    a1111_tree,
    png,
)
from tests.sentences.embeddings import ALL_ZERO, NO_TENSORS, NOT_NUMBERS

SD1, XL = rows(3), pair(3)


def text_chunk(content: bytes) -> bytes:
    return png([(b"tEXt", b"sd-ti-embedding\0" + content)])


def broken(**changed: Any) -> bytes:
    return a1111_png({**a1111_tree(SD1), "string_to_param": {"*": {"TORCHTENSOR": changed["values"]}}})


GOOD = a1111_png(a1111_tree(SD1))
DAMAGED = "This picture's embedding data is damaged; please download it again."
UNEVEN = "The vectors in this picture aren't all of the same length."
HIDDEN = "This picture has no embedding in its metadata; embeddings hidden in pixels aren't read."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (png([]), HIDDEN),
        (png([(b"tEXt", b"parameters\0a cat")]), HIDDEN),
        (png([(b"IDAT", b"sd-ti-embedding\0x")]), HIDDEN),
        (GOOD[:-20], "This picture is"),
        (GOOD[:8], "This picture is cut off; please download it again."),
        (GOOD.replace(b"IHDR", b"IHDX"), "This picture is damaged; please download it again."),
        (png([(b"tEXt", b"")] * 6_000), "This picture has more than 5,000 chunks; one with an embedding has a few."),
        (
            png([(b"zTXt", b"sd-ti-embedding\0\0" + zlib.compress(bytes(10**7)))]),
            "This picture's embedding data is compressed, which A1111 never does, so it wasn't read.",
        ),
        (
            png([(b"iTXt", b"sd-ti-embedding\0\x01\0\0\0" + zlib.compress(bytes(10**7)))]),
            "This picture's embedding data is compressed, which A1111 never does, so it wasn't read.",
        ),
        (
            png([(b"tEXt", b"sd-ti-embedding\0e30=")] * 2),
            "This picture contains two embeddings; please send a picture with one.",
        ),
        (text_chunk(b"A" * 4_000_000), "This picture's embedding data has 4,000,000 bytes; the limit is 3,145,728."),
        (text_chunk(b"!"), DAMAGED),
        (text_chunk(base64.b64encode(b"{")), DAMAGED),
        (text_chunk(base64.b64encode(b"\xff")), DAMAGED),
        (text_chunk(base64.b64encode(b"[" * 1_000_000)), DAMAGED),
        (text_chunk(base64.b64encode(b"9" * 9_999)), DAMAGED),
        (text_chunk(base64.b64encode(b"[]")), "This picture's embedding data isn't in A1111's format."),
        (text_chunk(base64.b64encode(b"{}")), NO_TENSORS),
        (
            text_chunk(base64.b64encode(b'{"a": 1, "a": 2}')),
            "This picture's embedding data uses a name twice, so it can't be read.",
        ),
        (broken(values=[[1.0], [1.0, 2.0]]), UNEVEN),
        (broken(values=[[1.0], 2.0]), UNEVEN),
        (broken(values=[[[1.0]]]), "The vectors in this picture contain something other than numbers."),
        (broken(values=[["x"]]), "The vectors in this picture contain something other than numbers."),
        (broken(values=7), UNEVEN),
        (broken(values=[[1e300] * 768]), "The vectors in this picture contain numbers that are too large."),
        (broken(values=[[10**400] * 768]), "The vectors in this picture contain numbers that are too large."),
        (broken(values=[[float("nan")] * 768]), NOT_NUMBERS),
        (broken(values=[]), ALL_ZERO),
    ],
)
def test_a_picture_without_a_valid_embedding_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "a.png")
    assert str(refused.value).startswith(sentence)
