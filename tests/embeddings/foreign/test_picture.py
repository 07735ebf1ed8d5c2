"""A1111's pictures with an embedding in their text, and those that are broken."""

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

SD1, XL = rows(3), pair(3)


def text_chunk(content: bytes) -> bytes:
    return png([(b"tEXt", b"sd-ti-embedding\0" + content)])


def broken(**changed: Any) -> bytes:
    return a1111_png({**a1111_tree(SD1), "string_to_param": {"*": {"TORCHTENSOR": changed["values"]}}})


GOOD = a1111_png(a1111_tree(SD1))
HIDDEN = "This picture has no embedding in its text; one hidden in its pixels is never read."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (png([]), HIDDEN),
        (png([(b"tEXt", b"parameters\0a cat")]), HIDDEN),
        (png([(b"IDAT", b"sd-ti-embedding\0x")]), HIDDEN),
        (GOOD[:-20], "This picture is"),
        (GOOD[:8], "This picture is cut off."),
        (GOOD.replace(b"IHDR", b"IHDX"), "This picture is damaged."),
        (png([(b"tEXt", b"")] * 6_000), "This picture is cut off."),
        (
            png([(b"zTXt", b"sd-ti-embedding\0\0" + zlib.compress(bytes(10**7)))]),
            "The text of this picture is compressed, which A1111 does not do; it was not unpacked.",
        ),
        (
            png([(b"iTXt", b"sd-ti-embedding\0\x01\0\0\0" + zlib.compress(bytes(10**7)))]),
            "The text of this picture is compressed, which A1111 does not do; it was not unpacked.",
        ),
        (png([(b"tEXt", b"sd-ti-embedding\0e30=")] * 2), "This picture has two embeddings in its text."),
        (text_chunk(b"A" * 4_000_000), "The text of this picture has 4,000,000 bytes; an embedding's has fewer."),
        (text_chunk(b"!"), "The text of this picture is damaged."),
        (text_chunk(base64.b64encode(b"{")), "The text of this picture is damaged."),
        (text_chunk(base64.b64encode(b"\xff")), "The text of this picture is damaged."),
        (text_chunk(base64.b64encode(b"[" * 1_000_000)), "The text of this picture is damaged."),
        (text_chunk(base64.b64encode(b"9" * 9_999)), "The text of this picture is damaged."),
        (text_chunk(base64.b64encode(b"[]")), "The text of this picture is no embedding."),
        (text_chunk(base64.b64encode(b"{}")), "It holds no tensors."),
        (text_chunk(base64.b64encode(b'{"a": 1, "a": 2}')), "A name stands twice in the text of this picture."),
        (broken(values=[[1.0], [1.0, 2.0]]), "The vectors in the text of this picture are not of one length."),
        (broken(values=[[1.0], 2.0]), "The vectors in the text of this picture are not of one length."),
        (broken(values=[[[1.0]]]), "The vectors in the text of this picture are no numbers."),
        (broken(values=[["x"]]), "The vectors in the text of this picture are no numbers."),
        (broken(values=7), "The vectors in the text of this picture are not of one length."),
        (broken(values=[[1e300] * 768]), "The text of this picture holds numbers that no vector has."),
        (broken(values=[[10**400] * 768]), "The text of this picture holds numbers that no vector has."),
        (broken(values=[[float("nan")] * 768]), "It holds values that are not numbers (NaN or infinity)."),
        (broken(values=[]), "All its vectors are zero"),
    ],
)
def test_a_picture_without_a_sound_embedding_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "a.png")
    assert str(refused.value).startswith(sentence)
