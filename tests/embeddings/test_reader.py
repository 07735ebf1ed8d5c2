"""Every layout in the wild that is accepted, and one sentence for everything that is not."""

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
def test_a_token_file_of_diffusers_is_read(values: np.ndarray) -> None:
    embedding = read_bytes(tensor_file({"<bad-hands>": values}, metadata={"format": "pt"}))
    assert embedding.architecture is Architecture.SD1
    assert embedding.layout == "diffusers (token '<bad-hands>')"
    assert np.array_equal(embedding.vectors["clip_l"], np.atleast_2d(values))
    assert embedding.metadata == {"format": "pt"}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_a_pair_for_sdxl_is_read(dtype: str) -> None:
    tensors = pair(8)
    embedding = read_bytes(tensor_file(dict(reversed(tensors.items())), dtype=dtype))
    assert embedding.architecture is Architecture.SDXL
    assert embedding.layout == "SDXL (clip_l + clip_g)"
    assert embedding.num_vectors == 8
    assert list(embedding.vectors) == ["clip_l", "clip_g"]
    assert all(np.array_equal(embedding.vectors[key], tensors[key]) for key in tensors)


def test_a_file_of_the_size_of_unaesthetic_xl_is_read() -> None:
    # the one file of the wild whose layout is known to the byte: 32,768 bytes of tensors behind the header
    data = tensor_file(pair(8), dtype="F16")
    assert len(data) - int.from_bytes(data[:8], "little") - 8 == 32_768
    assert read_bytes(data).num_vectors == 8


def test_half_precision_is_widened_exactly() -> None:
    values = np.array([[0.1, -2.5, 6.1e-5, 65504.0] + [1.0] * 92], dtype=np.float16)
    with pytest.raises(RefusedFile, match=r"length 6\.55e"):
        read_bytes(tensor_file({"a": values}, dtype="F16"))
    values[0, 3] = 5.96e-8  # the smallest half there is
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
            "Its vectors are 640 wide; no model that is known here has such a text encoder.",
        ),
        ({"emb_params": rows(2, 2048)}, "Its vectors are 2048 wide"),
        ({"clip_g": rows(2, 1280)}, "Its vectors are 1280 wide"),
        (
            {"clip_l": rows(2, 1280), "clip_g": rows(2, 768)},
            "clip_l and clip_g are 1280 and 768 wide; SDXL has 768 and",
        ),
        (
            {"clip_l": rows(2, 768), "clip_g": rows(3, 1280)},
            "clip_l and clip_g hold 2 and 3 vectors; they must hold the",
        ),
        ({"emb_params": rows(76)}, "It holds 76 vectors; a prompt has room for 1 to 75."),
        ({"emb_params": rows(1)[:0]}, "It holds 0 vectors; a prompt has room for 1 to 75."),
        ({"emb_params": rows(4).reshape(2, 2, 768)}, "'emb_params' has 3 dimensions; token vectors have two."),
        ({"emb_params": with_value(np.nan)}, "It holds values that are not numbers (NaN or infinity)."),
        ({"emb_params": with_value(np.inf)}, "It holds values that are not numbers (NaN or infinity)."),
        ({"emb_params": with_value(-np.inf)}, "It holds values that are not numbers (NaN or infinity)."),
        ({"emb_params": np.zeros((8, 768), np.float32)}, "All its vectors are zero: it would do nothing."),
        ({"emb_params": with_value(1e4)}, "A vector has the length 1e+04; token vectors have a length of about 1."),
        ({"emb_params": with_value(3e38)}, "A vector has the length 3e+38; token vectors have a length of about 1."),
        ({"clip_l": rows(2), "clip_g": with_value(np.nan)}, "It holds values that are not numbers (NaN or infinity)."),
        ({"a": rows(), "b": rows()}, "These tensors are no embedding that is known here: 'a', 'b'."),
        (
            {"a": rows(), "b": rows(), "c": rows(), "d": rows()},
            "These tensors are no embedding that is known here: 'a', ",
        ),
        ({"clip_l": rows(), "other": rows()}, "These tensors are no embedding that is known here"),
        ({"lora_unet_mid.lora_down.weight": rows()}, "This is a LoRA, not an embedding."),
        ({"model.diffusion_model.out.2.bias": rows()}, "This is a whole model, not an embedding."),
        ({"clip_l": rows(), "clip_g": rows(2, 1280), "t5xxl": rows(2, 4096)}, "This is an embedding for SD3 ('t5xxl')"),
        ({"clip_l": rows(), "clip_l_out": rows()}, "'clip_l_out' is applied after the text encoder"),
        ({f"token{number}": rows() for number in range(9)}, "It holds 9 tensors; an embedding holds one or two."),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(tensors: dict[str, Any], sentence: str) -> None:
    said = refusal(tensor_file(tensors))
    assert said.startswith(sentence)
    assert said.endswith(".")


def test_a_width_that_no_model_has_is_told_apart_from_damage() -> None:
    with pytest.raises(UnknownArchitecture):
        read_bytes(tensor_file({"emb_params": rows(2, 640)}))


@pytest.mark.parametrize("dtype", ["F64", "I64", "U8", "BOOL"])
def test_only_floats_are_token_vectors(dtype: str) -> None:
    said = refusal(tensor_file({"emb_params": rows() * 256}, dtype=dtype))
    assert said == f"'emb_params' holds {dtype}; token vectors are F16, BF16 or F32."


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
def test_a_damaged_file_is_refused_on_one_line(data: bytes) -> None:
    said = refusal(data)
    assert said.startswith("The safetensors file is damaged: ")
    assert said.isprintable()


def test_names_out_of_a_file_cannot_write_to_the_terminal() -> None:
    said = refusal(tensor_file({"a\n\x1b[2J": rows(), "b": rows()}))
    assert said.isprintable()
    token = read_bytes(tensor_file({"a\nb": rows()}))
    assert token.layout == "diffusers (token 'a�b')"


def test_a_file_is_known_by_its_own_hash(put: Put) -> None:
    path = put("Any Name.SAFETENSORS")
    file = read_file(path)
    assert file.file_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.size_bytes == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.safetensors", b"", "The file is empty."),
        ("a.safetensors", b"\x80\x02}q\x00.", "It is not a safetensors file."),
        ("a.pt", b"\x80\x02}q\x00.", "Only .safetensors files are read, and this is a '.pt'."),
        ("a.png", b"\x89PNG", "Only .safetensors files are read, and this is a '.png'."),
        ("a", b"", "Only .safetensors files are read, and this is a file without ending."),
        (
            "a.safetensors",
            bytes(MAX_FILE_BYTES + 1),
            "The file has 2,097,153 bytes; an embedding has at most 2,097,152.",
        ),
    ],
)
def test_files_that_are_none_are_refused(name: str, data: bytes, sentence: str, put: Put) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_file(put(name, data))
    assert str(refused.value) == sentence


def test_a_lora_of_real_size_is_called_one(put: Put) -> None:
    # trainers write long notes before the first tensor, and the whole is far larger than any embedding
    half = np.zeros((32, 40_000), np.float32)
    tensors = {"lora_unet_mid_block.lora_down.weight": half, "lora_unet_mid_block.lora_up.weight": half}
    path = put("style.safetensors", tensor_file(tensors, dtype="F16", metadata={"ss_tag_frequency": "x" * 200_000}))
    with pytest.raises(RefusedFile, match=r"^This is a LoRA, not an embedding\.$"):
        read_file(path)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "zero.safetensors").symlink_to("/dev/zero")
    for path in tmp_path.iterdir():
        with pytest.raises(RefusedFile, match="It is a folder or a device, not a file"):
            read_file(path)


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none.safetensors")
