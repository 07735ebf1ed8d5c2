"""Embeddings of any format become ordinary safetensors files with provenance."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from embeddings.conversion import Converted, convert_bytes
from embeddings.header import read_header
from embeddings.reader import read_bytes, read_file
from tests.builders import REPOSITORY
from tests.embeddings.files import pack, pair, rows, tensor_file
from tests.embeddings.foreign.builders import a1111_png, a1111_pt, a1111_tree, table_pt

SD1, XL = rows(3), pair(3)


def metadata(converted: Converted) -> dict[str, str]:
    return read_header(converted.data).metadata


@pytest.mark.parametrize(
    ("data", "tensors"),
    [
        (a1111_pt(SD1), {"emb_params": SD1}),
        (a1111_png(a1111_tree(SD1)), {"emb_params": SD1}),
        (table_pt({"<bad>": SD1}, "BF16", legacy=True), {"emb_params": SD1}),
        (table_pt(XL, "F16"), XL),
        (tensor_file({"<bad>": SD1[0]}), {"emb_params": SD1[:1]}),
        (tensor_file({"emp_params": SD1}, dtype="BF16"), {"emb_params": SD1}),
        (tensor_file({"text_encoders_0": XL["clip_l"], "text_encoders_1": XL["clip_g"]}), XL),
        (tensor_file(XL), XL),
    ],
    ids=["pt", "png", "bin", "kohya XL", "1-D", "OneTrainer", "pivotal", "ordinary"],
)
def test_every_format_becomes_the_same_ordinary_file(data: bytes, tensors: dict[str, np.ndarray]) -> None:
    converted = convert_bytes(data, "Bad Things.v2.pt")
    loaded = load(converted.data)
    assert set(loaded) == set(tensors)
    assert all(np.array_equal(loaded[key], tensors[key]) for key in tensors)
    written = metadata(converted)
    assert written["modelspec.is_negative_embedding"] == "true"
    assert written["source.sha256"] == converted.source_hash == hashlib.sha256(data).hexdigest()
    assert written["source.format"] == converted.layout
    assert written["converter"] == "negative-space 1"
    read = read_bytes(converted.data)
    assert read.content_hash == converted.file.embedding.content_hash


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("learned_embeds.bin", "bad-things"),
        ("learned_embeds-steps-500.safetensors", "bad-things"),
        ("Learned_Embeds.bin", "bad-things"),
        ("my_learned_embeds.bin", "my_learned_embeds"),
    ],
)
def test_what_every_training_calls_its_file_is_named_after_its_token(filename: str, name: str) -> None:
    data = table_pt({"<bad-things>": SD1}) if filename.endswith(".bin") else tensor_file({"<bad-things>": SD1})
    assert convert_bytes(data, filename).name == name


@pytest.mark.parametrize("token", ["*", "<none>", "a/b", ""])
def test_a_token_that_is_no_name_leaves_the_files_own(token: str) -> None:
    assert convert_bytes(table_pt({token: SD1}), "learned_embeds.bin").name == "learned_embeds"


def test_metadata_of_the_source_is_kept() -> None:
    converted = convert_bytes(a1111_pt(SD1, "F16"), "bad.pt")
    assert converted.name == "bad"
    assert converted.hints["sd_checkpoint_name"] == "v1-5-pruned-emaonly"
    assert metadata(converted) == {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.title": "bad",
        "modelspec.architecture": "stable-diffusion-v1/textual-inversion",
        "modelspec.is_negative_embedding": "true",
        "source.name": "bad-things",
        "source.step": "4999",
        "source.sd_checkpoint": "81761151",
        "source.sd_checkpoint_name": "v1-5-pruned-emaonly",
        "source.sha256": converted.source_hash,
        "source.format": "A1111 (string_to_param), torch file",
        "source.dtype": "F16",
        "converter": "negative-space 1",
    }


def test_notes_are_kept_but_not_a_wrong_architecture_or_thumbnails() -> None:
    notes = {
        "modelspec.title": "Bad\nHands",
        "modelspec.author": "Ana",
        "modelspec.is_negative_embedding": "false",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/textual-inversion",
        "modelspec.thumbnail": "data:image/jpeg;base64,AAAA",
        "modelspec.description": "x" * 5_000,
        "ss_tag_frequency": "{}",
    }
    kept = metadata(convert_bytes(tensor_file({"emb_params": SD1}, metadata=notes), "a.safetensors"))
    assert kept["modelspec.title"] == "Bad\N{REPLACEMENT CHARACTER}Hands"
    assert kept["modelspec.author"] == "Ana"
    assert kept["modelspec.is_negative_embedding"] == "false"
    assert kept["modelspec.architecture"] == "stable-diffusion-v1/textual-inversion"
    assert len(kept["modelspec.description"]) == 1_000
    assert "modelspec.thumbnail" not in kept
    assert "ss_tag_frequency" not in kept


def test_a_claimed_conversion_is_converted_again() -> None:
    """Its metadata could claim to come from any known file, and it would pass for that one."""
    claim = {"source.sha256": "c74b4e810b030f6b75fde959e2db678c268d07115b85356d3c0138ba5eb42340"}
    data = tensor_file({"emb_params": SD1}, metadata=claim)
    converted = convert_bytes(data, "a.safetensors")
    assert converted.installable != data
    for embedding in (converted.file.embedding, read_bytes(converted.installable)):
        assert embedding.metadata["source.sha256"] == hashlib.sha256(data).hexdigest()
    plain = tensor_file({"emb_params": SD1})
    assert convert_bytes(plain, "a.safetensors").installable == plain


def test_excessive_notes_are_limited_so_that_the_file_can_be_read_back() -> None:
    # each of these characters is replaced by one that takes three bytes
    notes = {f"modelspec.{number}\x7f": "\x7f" * 1_900 for number in range(50)}
    entry = {"dtype": "F32", "shape": list(SD1.shape), "data_offsets": [0, SD1.nbytes]}
    header = json.dumps({"__metadata__": notes, "a": entry}, ensure_ascii=False).encode()
    converted = convert_bytes(pack(header, SD1.tobytes()), "a.safetensors")
    read = read_bytes(converted.data)
    assert len(read.metadata) <= 30
    assert all(key.isprintable() and value.isprintable() for key, value in read.metadata.items())


@pytest.mark.parametrize(
    ("data", "is_kept"),
    [
        (tensor_file({"emb_params": SD1}), True),
        (tensor_file(XL, dtype="F16"), True),
        (tensor_file({"<bad>": SD1}), False),
        (table_pt({"emb_params": SD1}), False),
    ],
)
def test_a_file_that_needs_no_conversion_is_installed_unchanged(data: bytes, is_kept: bool) -> None:
    assert (convert_bytes(data, "a.bin").installable == data) is is_kept


@pytest.mark.parametrize(
    "data",
    [
        tensor_file({"emb_params": SD1}, metadata={"modelspec.title": "Bad"}),
        tensor_file(XL, dtype="F16"),
        tensor_file({"<bad>": SD1}, dtype="BF16"),
        a1111_pt(SD1, "F16"),
        table_pt(XL),
    ],
    ids=["ordinary", "ordinary XL", "diffusers", "pt", "kohya XL"],
)
def test_the_installable_file_is_described_as_if_it_were_read_back(data: bytes, tmp_path: Path) -> None:
    converted = convert_bytes(data, "bad.bin")
    path = tmp_path / "bad.safetensors"
    path.write_bytes(converted.installable)
    read = read_file(path)
    assert (converted.file.file_hash, converted.file.size_bytes) == (read.file_hash, read.size_bytes)
    described, expected = ({**vars(file.embedding), "vectors": None} for file in (converted.file, read))
    assert described == expected
    assert converted.file.embedding.content_hash == read.embedding.content_hash


def test_conversion_is_deterministic() -> None:
    assert convert_bytes(a1111_pt(SD1), "a.pt").data == convert_bytes(a1111_pt(SD1), "a.pt").data


def test_a_picture_is_named_by_its_metadata_if_that_is_a_valid_name() -> None:
    assert convert_bytes(a1111_png(a1111_tree(SD1)), "00012-4.png").name == "bad-things"
    tree = {**a1111_tree(SD1), "name": "../bad"}
    assert convert_bytes(a1111_png(tree), "00012-4.png").name == "00012-4"


def test_conversion_and_inspection_dont_import_torch() -> None:
    code = "import sys, embeddings.conversion, embeddings.inspection; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"torch", "transformers", "diffusers"} & set(ran.stdout.split())
