"""Headers packed by hand: what is read from them, and what is said about broken ones."""

from __future__ import annotations

import json
import struct

import pytest

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.header import MAX_HEADER_BYTES, TensorShape, guess_tensor_names, read_header
from tests.embeddings.files import pack
from tests.sentences.embeddings import DUPLICATE_NAME, EMPTY, HEADER_CUT_OFF, NO_TENSORS, NOT_SAFETENSORS

INVALID_METADATA = "This file's metadata is invalid: every value must be text."
INVALID_ENTRY = "This file's header describes 'a' incorrectly; please download it again."
ENTRY = {"dtype": "F32", "shape": [2, 768], "data_offsets": [0, 6144]}


def test_names_shapes_and_metadata_are_read_without_the_tensors() -> None:
    header = read_header(pack({"__metadata__": {"modelspec.title": "Bad"}, "emb_params": ENTRY}))
    assert header.tensors == {"emb_params": TensorShape("F32", (2, 768))}
    assert header.keys == ("emb_params",)
    assert header.metadata == {"modelspec.title": "Bad"}


def test_padding_after_the_header_is_allowed() -> None:
    # writers pad the header with spaces to align the tensors to eight bytes
    assert read_header(pack(json.dumps({"emb_params": ENTRY}).encode() + b"     ")).keys == ("emb_params",)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", EMPTY),
        (b"PK\x03\x04", NOT_SAFETENSORS),
        (b"PK\x03\x04" + bytes(60), NOT_SAFETENSORS),
        (b"version https://git-lfs.github.com/spec/v1\n", NOT_SAFETENSORS),
        (pack(b"[1, 2]"), NOT_SAFETENSORS),
        (pack(b""), NOT_SAFETENSORS),
        (struct.pack("<Q", 500) + b'{"emb', HEADER_CUT_OFF),
        (struct.pack("<Q", 2**63) + b"{", "This file's header claims to have 9,223,372,036,854,775,808 bytes"),
        (struct.pack("<Q", MAX_HEADER_BYTES + 1) + b"{", "This file's header claims to have 102,401 bytes"),
        (pack(b"{}"), NO_TENSORS),
        (pack({"__metadata__": {"a": "b"}}), NO_TENSORS),
        (pack(b'{"a": '), "This file's header is damaged ("),
        (pack(b'{"a": \xff}'), "This file's header is damaged ("),
        (pack(b'{"a":' * 20_000), "This file's header is damaged ("),
        (pack(b'{"a": ' + b"1" * 9_000 + b"}"), "This file's header is damaged ("),
        (pack(b'{"a": 1, "a": 2}'), DUPLICATE_NAME),
        (pack({"__metadata__": ["a"], "a": ENTRY}), INVALID_METADATA),
        (pack({"__metadata__": {"a": 1}, "a": ENTRY}), INVALID_METADATA),
        (pack({"a": 1}), INVALID_ENTRY),
        (pack({"a": {"dtype": "F32"}}), INVALID_ENTRY),
        (pack({"a": {"dtype": 32, "shape": [1]}}), INVALID_ENTRY),
        (pack({"a": {"dtype": "F32", "shape": [-1]}}), INVALID_ENTRY),
        (pack({"a": {"dtype": "F32", "shape": [1.5]}}), INVALID_ENTRY),
        (pack({"a": {"dtype": "F32", "shape": "2"}}), INVALID_ENTRY),
    ],
)
def test_a_broken_header_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_header(data)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith(".")


def test_a_duplicate_tensor_is_refused() -> None:
    entry = json.dumps(ENTRY)
    with pytest.raises(RefusedFile, match="duplicate name"):
        read_header(pack(f'{{"emb_params": {entry}, "emb_params": {entry}}}'.encode()))


def test_printable_text_is_short_and_on_one_line() -> None:
    assert printable("emb_params") == "emb_params"
    assert printable("a\nb\x1b[31m\u202e") == "a�b�[31m�"
    assert len(printable("x" * 1000)) == 60


def test_tensor_names_are_guessed_from_the_start_of_a_large_file() -> None:
    start = pack({"__metadata__": {"ss_tag": '{"dtype"'}, "lora_unet.alpha": ENTRY, "b": ENTRY})
    assert guess_tensor_names(start) == ["lora_unet.alpha", "b"]
    assert guess_tensor_names(start[:70]) == []
