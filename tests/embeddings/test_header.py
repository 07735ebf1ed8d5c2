"""Headers packed by hand: what is read of them, and the sentence for each kind of broken one."""

from __future__ import annotations

import json
import struct

import pytest

from embeddings.display import printable
from embeddings.errors import RefusedFile
from embeddings.header import MAX_HEADER_BYTES, TensorShape, guess_tensor_names, read_header
from tests.embeddings.files import pack

ENTRY = {"dtype": "F32", "shape": [2, 768], "data_offsets": [0, 6144]}


def test_names_shapes_and_metadata_are_read_without_the_tensors() -> None:
    header = read_header(pack({"__metadata__": {"modelspec.title": "Bad"}, "emb_params": ENTRY}))
    assert header.tensors == {"emb_params": TensorShape("F32", (2, 768))}
    assert header.keys == ("emb_params",)
    assert header.metadata == {"modelspec.title": "Bad"}


def test_padding_after_the_header_is_allowed() -> None:
    # writers fill the header up with spaces so that the tensors begin at a multiple of eight
    assert read_header(pack(json.dumps({"emb_params": ENTRY}).encode() + b"     ")).keys == ("emb_params",)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04", "It is not a safetensors file."),
        (b"PK\x03\x04" + bytes(60), "It is not a safetensors file."),
        (b"version https://git-lfs.github.com/spec/v1\n", "It is not a safetensors file."),
        (pack(b"[1, 2]"), "It is not a safetensors file."),
        (pack(b""), "It is not a safetensors file."),
        (struct.pack("<Q", 500) + b'{"emb', "The file is cut off in the middle of its header."),
        (struct.pack("<Q", 2**63) + b"{", "Its header claims 9,223,372,036,854,775,808 bytes"),
        (struct.pack("<Q", MAX_HEADER_BYTES + 1) + b"{", "Its header claims 102,401 bytes"),
        (pack(b"{}"), "It holds no tensors."),
        (pack({"__metadata__": {"a": "b"}}), "It holds no tensors."),
        (pack(b'{"a": '), "Its header cannot be read: "),
        (pack(b'{"a": \xff}'), "Its header cannot be read: "),
        (pack(b'{"a":' * 20_000), "Its header cannot be read: "),
        (pack(b'{"a": ' + b"1" * 9_000 + b"}"), "Its header cannot be read: "),
        (pack(b'{"a": 1, "a": 2}'), "Its header cannot be read: a name stands twice."),
        (pack({"__metadata__": ["a"], "a": ENTRY}), "Its metadata is not a table of texts."),
        (pack({"__metadata__": {"a": 1}, "a": ENTRY}), "Its metadata is not a table of texts."),
        (pack({"a": 1}), "Its header describes 'a' wrongly."),
        (pack({"a": {"dtype": "F32"}}), "Its header describes 'a' wrongly."),
        (pack({"a": {"dtype": 32, "shape": [1]}}), "Its header describes 'a' wrongly."),
        (pack({"a": {"dtype": "F32", "shape": [-1]}}), "Its header describes 'a' wrongly."),
        (pack({"a": {"dtype": "F32", "shape": [1.5]}}), "Its header describes 'a' wrongly."),
        (pack({"a": {"dtype": "F32", "shape": "2"}}), "Its header describes 'a' wrongly."),
    ],
)
def test_a_broken_header_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_header(data)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value).endswith(".")


def test_a_tensor_described_twice_is_refused() -> None:
    entry = json.dumps(ENTRY)
    with pytest.raises(RefusedFile, match="a name stands twice"):
        read_header(pack(f'{{"emb_params": {entry}, "emb_params": {entry}}}'.encode()))


def test_names_are_shown_short_and_on_one_line() -> None:
    assert printable("emb_params") == "emb_params"
    assert printable("a\nb\x1b[31m\u202e") == "a�b�[31m�"
    assert len(printable("x" * 1000)) == 60


def test_the_names_in_the_start_of_a_large_file_are_guessed() -> None:
    start = pack({"__metadata__": {"ss_tag": '{"dtype"'}, "lora_unet.alpha": ENTRY, "b": ENTRY})
    assert guess_tensor_names(start) == ["lora_unet.alpha", "b"]
    assert guess_tensor_names(start[:70]) == []
