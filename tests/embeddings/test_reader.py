"""Every layout that is accepted, and a clear sentence about every file that isn't."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.architecture import Architecture
from embeddings.errors import RefusedFile, UnknownArchitecture
from embeddings.reader import MAX_FILE_BYTES, read_bytes, read_file
from tests.embeddings.conftest import Put
from tests.embeddings.files import pack, pair, rows, tensor_file
from tests.sentences import embeddings as sentences

TOO_LONG = (
    "This embedding has a vector of length {}, but token vectors are about 1 long; please look for an intact copy."
)
UNKNOWN_FORMAT = "This file's tensors match no known embedding format"
WRONG_SUFFIX = "Only .safetensors files are loaded, and this one {}; convert it with python -m embeddings convert."
SINGLE = {Architecture.DEMO: ("clip_demo", 96), Architecture.SD1: ("clip_l", 768), Architecture.SD2: ("clip_h", 1024)}


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        read_bytes(data)
    return str(refused.value)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("architecture", list(SINGLE))
@pytest.mark.parametrize("vectors", [1, 8, 75])
def test_emb_params_files_are_read(architecture: Architecture, dtype: str, vectors: int) -> None:
    encoder, width = SINGLE[architecture]
    values = rows(vectors, width)
    embedding = read_bytes(tensor_file({"emb_params": values}, dtype=dtype))
    assert embedding.architecture is architecture
    assert embedding.num_vectors == vectors
    assert embedding.dtype == dtype
    assert embedding.layout == "A1111 / kohya (emb_params)"
    assert list(embedding.vectors) == [encoder]
    read = embedding.vectors[encoder]
    assert read.dtype == np.float32
    assert read.flags.c_contiguous
    assert np.array_equal(read, values)


@pytest.mark.parametrize("values", [rows(3), rows(1), rows(1)[0]], ids=["3 vectors", "1 vector", "1-D"])
def test_a_diffusers_token_file_is_read(values: np.ndarray) -> None:
    embedding = read_bytes(tensor_file({"<bad-hands>": values}, metadata={"format": "pt"}))
    assert embedding.architecture is Architecture.SD1
    assert embedding.layout == "diffusers (token '<bad-hands>')"
    assert np.array_equal(embedding.vectors["clip_l"], np.atleast_2d(values))
    assert embedding.metadata == {"format": "pt"}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_an_sdxl_pair_is_read(dtype: str) -> None:
    tensors = pair(8)
    embedding = read_bytes(tensor_file(dict(reversed(tensors.items())), dtype=dtype))
    assert embedding.architecture is Architecture.SDXL
    assert embedding.layout == "SDXL (clip_l + clip_g)"
    assert embedding.num_vectors == 8
    assert list(embedding.vectors) == ["clip_l", "clip_g"]
    assert all(np.array_equal(embedding.vectors[key], tensors[key]) for key in tensors)


def test_a_file_the_size_of_unaesthetic_xl_is_read() -> None:
    # the one real file whose layout is known to the byte: a header, then 32,768 bytes of tensors
    data = tensor_file(pair(8), dtype="F16")
    assert len(data) - int.from_bytes(data[:8], "little") - 8 == 32_768
    assert read_bytes(data).num_vectors == 8


def test_half_precision_is_converted_exactly() -> None:
    values = np.array([[0.1, -2.5, 6.1e-5, 65504.0] + [1.0] * 92], dtype=np.float16)
    with pytest.raises(RefusedFile, match=r"vector of length 6\.55e"):
        read_bytes(tensor_file({"a": values}, dtype="F16"))
    values[0, 3] = 5.96e-8  # the smallest positive half
    read = read_bytes(tensor_file({"a": values}, dtype="F16")).vectors["clip_demo"]
    assert np.array_equal(read, values.astype(np.float32))


def with_value(value: float) -> np.ndarray:
    values = rows(2)
    values[1, 5] = value
    return values


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (
            {"emb_params": rows(2, 640)},
            "Its vectors are 640 wide: no supported model has a text encoder of that width.",
        ),
        ({"emb_params": rows(2, 2048)}, "Its vectors are 2048 wide"),
        ({"clip_g": rows(2, 1280)}, "Its vectors are 1280 wide"),
        (
            {"clip_l": rows(2, 1280), "clip_g": rows(2, 768)},
            "clip_l and clip_g are 1280 and 768 wide; for SDXL they must be 768 and 1280.",
        ),
        (
            {"clip_l": rows(2, 768), "clip_g": rows(3, 1280)},
            "clip_l and clip_g have 2 and 3 vectors; both must have the same number.",
        ),
        ({"emb_params": rows(76)}, sentences.TOO_MANY_VECTORS),
        ({"emb_params": rows(1)[:0]}, sentences.TOO_MANY_VECTORS.replace("76", "0")),
        ({"emb_params": rows(4).reshape(2, 2, 768)}, "'emb_params' has 3 dimensions; token vectors must have 2."),
        ({"emb_params": with_value(np.nan)}, sentences.NOT_NUMBERS),
        ({"emb_params": with_value(np.inf)}, sentences.NOT_NUMBERS),
        ({"emb_params": with_value(-np.inf)}, sentences.NOT_NUMBERS),
        ({"emb_params": np.zeros((8, 768), np.float32)}, sentences.ALL_ZERO),
        ({"emb_params": with_value(1e4)}, TOO_LONG.format("1e+04")),
        ({"emb_params": with_value(3e38)}, TOO_LONG.format("3e+38")),
        ({"clip_l": rows(2), "clip_g": with_value(np.nan)}, sentences.NOT_NUMBERS),
        ({"a": rows(), "b": rows()}, f"{UNKNOWN_FORMAT}: 'a', 'b'."),
        (
            {"a": rows(), "b": rows(), "c": rows(), "d": rows()},
            f"{UNKNOWN_FORMAT}: 'a', 'b', 'c' ….",
        ),
        ({"clip_l": rows(), "other": rows()}, UNKNOWN_FORMAT),
        ({"lora_unet_mid.lora_down.weight": rows()}, sentences.LORA),
        ({"model.diffusion_model.out.2.bias": rows()}, sentences.WHOLE_MODEL),
        ({"clip_l": rows(), "clip_g": rows(2, 1280), "t5xxl": rows(2, 4096)}, sentences.FOR_SD3),
        ({"clip_l": rows(), "clip_l_out": rows()}, sentences.OUTPUT_VECTORS),
        ({f"token{number}": rows() for number in range(9)}, sentences.NINE_TENSORS),
    ],
)
def test_an_unusable_embedding_is_refused_with_the_reason(tensors: dict[str, Any], sentence: str) -> None:
    reason = refusal(tensor_file(tensors))
    assert reason.startswith(sentence)
    assert reason.endswith(".")


def test_an_unknown_width_has_an_error_class_of_its_own() -> None:
    with pytest.raises(UnknownArchitecture):
        read_bytes(tensor_file({"emb_params": rows(2, 640)}))


@pytest.mark.parametrize("dtype", ["F64", "I64", "U8", "BOOL"])
def test_token_vectors_must_be_floats(dtype: str) -> None:
    reason = refusal(tensor_file({"emb_params": rows() * 256}, dtype=dtype))
    assert reason == f"'emb_params' is stored as {dtype}; token vectors must be F16, BF16 or F32."


F32 = {"dtype": "F32", "shape": [1, 96]}


@pytest.mark.parametrize(
    "data",
    [
        tensor_file({"a": rows(2, 96)})[:-1],
        tensor_file({"a": rows(2, 96)}) + b"\0",
        pack({"a": {**F32, "data_offsets": [4, 388]}}, bytes(388)),
        pack({"a": {**F32, "data_offsets": [0, 8]}}, bytes(8)),
        pack({"a": {**F32, "data_offsets": [384, 0]}}, bytes(384)),
        pack({"a": {**F32, "data_offsets": [0, 384]}, "b": {**F32, "data_offsets": [192, 576]}}, bytes(576)),
        pack({"a": {"dtype": "F32", "shape": [2**62, 96], "data_offsets": [0, 384]}}, bytes(384)),
        pack({"a": {"dtype": "F99", "shape": [1, 96], "data_offsets": [0, 384]}}, bytes(384)),
        pack({"a\nb": {**F32, "data_offsets": [4, 388]}}, bytes(388)),
    ],
    ids=["cut off", "too long", "hole", "too small", "backwards", "overlap", "overflow", "unknown type", "line break"],
)
def test_a_damaged_file_is_refused_in_one_line(data: bytes) -> None:
    reason = refusal(data)
    assert reason.startswith("This safetensors file is damaged (")
    assert reason.isprintable()


def test_names_in_a_file_cannot_control_the_terminal() -> None:
    assert refusal(tensor_file({"a\n\x1b[2J": rows(), "b": rows()})).isprintable()
    token = read_bytes(tensor_file({"a\nb": rows()}))
    assert token.layout == "diffusers (token 'a�b')"


def test_a_file_comes_with_its_hash_and_size(put: Put) -> None:
    path = put("Any Name.SAFETENSORS")
    file = read_file(path)
    assert file.file_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.safetensors", b"", sentences.EMPTY),
        ("a.safetensors", b"\x80\x02}q\x00.", sentences.NOT_SAFETENSORS),
        ("a.pt", b"\x80\x02}q\x00.", WRONG_SUFFIX.format("ends in '.pt'")),
        ("a.png", b"\x89PNG", WRONG_SUFFIX.format("ends in '.png'")),
        ("a", b"", WRONG_SUFFIX.format("has no extension")),
        (
            "a.safetensors",
            bytes(MAX_FILE_BYTES + 1),
            "This file has 2,097,153 bytes; an embedding has at most 2,097,152.",
        ),
    ],
)
def test_files_of_other_kinds_are_refused(name: str, data: bytes, sentence: str, put: Put) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_file(put(name, data))
    assert str(refused.value) == sentence


def test_a_lora_of_real_size_is_recognised(put: Put) -> None:
    # trainers write long notes before the first tensor, and the file is far larger than any embedding
    half = np.zeros((32, 40_000), np.float32)
    tensors = {"lora_unet_mid_block.lora_down.weight": half, "lora_unet_mid_block.lora_up.weight": half}
    path = put("style.safetensors", tensor_file(tensors, dtype="F16", metadata={"ss_tag_frequency": "x" * 200_000}))
    with pytest.raises(RefusedFile, match=sentences.LORA):
        read_file(path)


def test_anything_but_a_regular_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "zero.safetensors").symlink_to("/dev/zero")
    for path in tmp_path.iterdir():
        with pytest.raises(RefusedFile, match="This is a folder or a device, not a file"):
            read_file(path)


def test_a_missing_file_raises_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.safetensors")
