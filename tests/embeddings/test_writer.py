"""The writer's files are ordinary safetensors files, read here by the safetensors library, by hand and by our reader."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from embeddings.architecture import Architecture
from embeddings.embedding import Embedding
from embeddings.reader import read_file
from embeddings.writer import write_file
from tests.embeddings.files import pair, rows


def test_one_encoder_is_written_as_emb_params(tmp_path: Path) -> None:
    vectors = rows(8)
    write_file(
        tmp_path / "a.safetensors", Embedding(Architecture.SD1, {"clip_l": vectors}), title="Bad things", provenance={}
    )
    loaded = load_file(tmp_path / "a.safetensors")
    assert list(loaded) == ["emb_params"]
    assert np.array_equal(loaded["emb_params"], vectors)


def test_two_encoders_are_written_as_clip_l_and_clip_g(tmp_path: Path) -> None:
    tensors = pair(3)
    write_file(tmp_path / "a.safetensors", Embedding(Architecture.SDXL, tensors), title="Bad", provenance={})
    loaded = load_file(tmp_path / "a.safetensors")
    assert set(loaded) == {"clip_l", "clip_g"}
    assert all(np.array_equal(loaded[key], tensors[key]) for key in tensors)


@pytest.mark.parametrize("architecture", list(Architecture))
def test_a_written_file_can_be_read_back(architecture: Architecture, tmp_path: Path) -> None:
    vectors = {encoder: rows(4, width) for encoder, width in architecture.facts.encoders.items()}
    embedding = Embedding(architecture, vectors)
    write_file(tmp_path / "a.safetensors", embedding, title="Bad", provenance={"training.steps": "9"})
    read = read_file(tmp_path / "a.safetensors").embedding
    assert read.architecture is architecture
    assert read.content_hash == embedding.content_hash
    assert read.metadata["training.steps"] == "9"


def test_the_metadata_marks_a_negative_embedding(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_file(path, Embedding(Architecture.SDXL, pair()), title="Böse Hände", provenance={"modelspec.author": "Ana"})
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    assert metadata == {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.title": "Böse Hände",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/textual-inversion",
        "modelspec.is_negative_embedding": "true",
        "modelspec.author": "Ana",
    }
