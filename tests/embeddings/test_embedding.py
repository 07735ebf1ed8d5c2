"""The content hash depends on the vectors alone, not on the file around them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from embeddings.reader import read_bytes
from tests.embeddings.files import pair, rows, tensor_file


def test_the_same_vectors_have_the_same_hash_in_any_file() -> None:
    vectors = rows(1)
    files = [
        tensor_file({"emb_params": vectors}),
        tensor_file({"emb_params": vectors}, dtype="F16"),
        tensor_file({"emb_params": vectors}, dtype="BF16"),
        tensor_file({"<bad-hands>": vectors}, metadata={"modelspec.title": "Bad hands"}),
        tensor_file({"*": vectors[0]}),
    ]
    assert len(set(files)) == len(files)
    assert len({read_bytes(data).content_hash for data in files}) == 1


def test_the_hash_ignores_the_order_of_the_encoders() -> None:
    tensors = pair()
    reversed_tensors = dict(reversed(tensors.items()))
    assert read_bytes(tensor_file(tensors)).content_hash == read_bytes(tensor_file(reversed_tensors)).content_hash


@pytest.mark.parametrize(
    "other", [rows(2, seed=1), rows(3), np.flipud(rows(2)).copy(), rows(2, 1024)], ids=["values", "n", "order", "width"]
)
def test_different_vectors_have_different_hashes(other: np.ndarray) -> None:
    original = read_bytes(tensor_file({"emb_params": rows(2)}))
    assert read_bytes(tensor_file({"emb_params": other})).content_hash != original.content_hash


def test_the_hash_covers_the_documented_bytes() -> None:
    # databases use it as a key, so it must not change between versions
    vectors = rows(2)
    expected = hashlib.sha256(b"clip_l 2x768\n" + vectors.astype("<f4").tobytes()).hexdigest()
    assert read_bytes(tensor_file({"emb_params": vectors})).content_hash == expected
