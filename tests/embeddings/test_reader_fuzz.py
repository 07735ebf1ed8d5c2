"""Any bytes give a valid embedding or a refusal, quickly, and never another error."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.embedding import Embedding
from embeddings.errors import RefusedFile
from embeddings.reader import read_bytes
from tests.embeddings.files import pack, rows, tensor_file


def read_or_refuse(data: bytes) -> Embedding | None:
    """The embedding, checked to be valid, or None if the bytes are refused in one line; either within a second."""
    embedding, reason = None, ""
    started = time.process_time()
    try:
        embedding = read_bytes(data)
    except RefusedFile as refused:
        reason = str(refused)
    assert time.process_time() - started < 1.0
    if embedding is None:
        assert reason.endswith(".")
        assert reason.isprintable()
        return None
    facts = embedding.architecture.facts
    assert {encoder: values.shape for encoder, values in embedding.vectors.items()} == {
        encoder: (embedding.num_vectors, width) for encoder, width in facts.encoders.items()
    }
    assert all(np.isfinite(values).all() for values in embedding.vectors.values())
    assert 1 <= embedding.num_vectors <= 75
    return embedding


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@given(st.binary(max_size=300), st.binary(max_size=64))
def test_any_header_is_read_or_refused(header: bytes, data: bytes) -> None:
    read_or_refuse(pack(b"{" + header, data))


GOOD = tensor_file({"emb_params": rows(2, 96)}, metadata={"modelspec.title": "Bad"})


@given(st.data())
def test_a_good_file_with_changed_bytes_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(damaged))


@given(st.integers(0, len(GOOD) - 1))
def test_a_truncated_file_is_refused(length: int) -> None:
    assert read_or_refuse(GOOD[:length]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**65) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["emb_params", "clip_l", "clip_g", "*", "lora_a", "t5", "__metadata__"]) | st.text(max_size=12)
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "F64", "F4", "F8_E4M3", "I64", "BOOL"]) | st.text(max_size=4),
        "shape": st.lists(st.sampled_from([0, 1, 2, 75, 76, 96, 768, 2**63]), max_size=3),
        "data_offsets": st.lists(st.sampled_from([0, 1, 96, 192, 384, 768, 2**64]), min_size=2, max_size=2),
    }
)


@given(st.dictionaries(NAMES, ENTRIES | JSON, max_size=4), st.sampled_from([0, 96, 192, 384, 768]))
@settings(max_examples=200)
def test_any_structure_is_read_or_refused(header: dict[str, Any], size: int) -> None:
    read_or_refuse(pack(header, b"\x01\x3c" * (size // 2)))


@given(
    names=st.lists(NAMES.filter(lambda name: name != "__metadata__"), min_size=1, max_size=3, unique=True),
    shape=st.tuples(st.integers(1, 3), st.sampled_from([96, 768, 1024, 1280])),
    dtype=st.sampled_from(["F32", "F16", "BF16"]),
    metadata=st.none() | st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2),
    value=st.floats(width=16),
)
def test_any_well_formed_file_is_read_or_refused(
    names: list[str], shape: tuple[int, int], dtype: str, metadata: dict[str, str] | None, value: float
) -> None:
    tensors = {name: np.full(shape, value, np.float32) for name in names}
    read_or_refuse(tensor_file(tensors, dtype=dtype, metadata=metadata))
