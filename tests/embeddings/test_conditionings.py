"""Conditionings, text encoders' whole outputs: every layout that has one, and a reason for everything else."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.architecture import Architecture
from embeddings.conversion import convert_bytes
from embeddings.embedding import POOLED, STATES
from embeddings.errors import RefusedFile
from embeddings.reader import read_bytes
from tests.embeddings.files import stored_bytes, tensor_file
from tests.embeddings.foreign.builders import program, table_pt, tensor, torch_zip

Array = NDArray[np.float32]


def states(width: int = 768, positions: int = 77, *, batch: int | None = None, seed: int = 0) -> Array:
    """About as long as an encoder's outputs."""
    numbers = np.random.default_rng(seed).integers(-15, 16, (positions, width)) / 8
    return numbers.astype(np.float32) if batch is None else np.stack([numbers] * batch).astype(np.float32)


def bare(values: Array) -> bytes:
    """A tensor without a name, as `torch.save(tensor)` writes it."""
    return torch_zip(program(tensor("F32", values.shape)), {"0": stored_bytes(values, "F32")})


XL: dict[str, Array] = {"negative_prompt_embeds": states(2048), "negative_pooled_prompt_embeds": states(1280, 1)}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("batch", [None, 1])
@pytest.mark.parametrize("key", ["negative_prompt_embeds", "prompt_embeds", "ReNeg", "emb_params"])
@pytest.mark.parametrize(("width", "architecture"), [(96, "demo"), (768, "sd1"), (1024, "sd2")])
def test_one_tensor_of_77_positions_is_a_conditioning(
    width: int, architecture: str, key: str, batch: int | None, dtype: str
) -> None:
    read = read_bytes(tensor_file({key: states(width, batch=batch)}, dtype=dtype))
    assert read.is_conditioning
    assert (read.architecture, read.num_vectors) == (architecture, 77)
    np.testing.assert_array_equal(read.vectors[STATES], states(width))


@pytest.mark.parametrize("prefix", ["", "negative_"])
@pytest.mark.parametrize("pooled", [states(1280, 1), states(1280, 1)[0]])
def test_sdxls_comes_with_its_pooled_output(prefix: str, pooled: Array) -> None:
    names = f"{prefix}prompt_embeds", f"{prefix}pooled_prompt_embeds"
    read = read_bytes(tensor_file(dict(zip(names, (states(2048), pooled), strict=True))))
    assert read.architecture is Architecture.SDXL
    assert {part: rows.shape for part, rows in read.vectors.items()} == {STATES: (77, 2048), POOLED: (1, 1280)}


@pytest.mark.parametrize(
    "data",
    [
        bare(states()),
        bare(states(batch=1)),
        table_pt({"ReNeg": states(batch=1)}),
        table_pt({"embedding": states()}, legacy=True),
        tensor_file({"ReNeg": states()}),
        table_pt(XL),
    ],
    ids=["bare", "bare batch", "named", "legacy", "safetensors", "SDXL"],
)
def test_every_container_becomes_the_same_ordinary_file(data: bytes) -> None:
    converted = convert_bytes(data, "ReNeg.bin")
    assert converted.name == "ReNeg"
    installed = read_bytes(converted.installable)
    assert installed.layout == "conditioning (negative_prompt_embeds)"
    assert installed.metadata["modelspec.architecture"].endswith("/conditioning")
    assert installed.metadata["source.sha256"] == hashlib.sha256(data).hexdigest()
    assert installed.content_hash == converted.file.embedding.content_hash
    np.testing.assert_array_equal(
        installed.vectors[STATES][:, :768], states(installed.vectors[STATES].shape[1])[:, :768]
    )


def test_an_ordinary_file_is_installed_as_it_is() -> None:
    data = tensor_file(XL)
    assert convert_bytes(data, "x.safetensors").installable == data


def changed(value: float, **size: Any) -> Array:
    values = states(**size)
    values[3, 5] = value
    return values


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"a": states(2048)}, "This conditioning is for SDXL, which needs the pooled output too"),
        ({"a": states(640)}, "This conditioning is 640 wide: no supported model has a text encoder of that width."),
        ({"a": states(positions=154, batch=1)}, "'a' has 154 positions; a conditioning has 77."),
        ({"a": states(batch=2)}, "'a' has 2 encoded prompts; a conditioning has one."),
        ({"a": changed(np.nan)}, "This conditioning contains NaN or infinite values"),
        ({"a": changed(np.inf)}, "This conditioning contains NaN or infinite values"),
        ({"a": 0 * states()}, "All of this conditioning is zero, so it would have no effect."),
        ({"a": changed(1e5)}, "This conditioning has a vector of length 1e+05"),
        ({**XL, "negative_pooled_prompt_embeds": states(768, 1)}, "Its pooled output is 1 × 768; SDXL's is 1280 wide."),
        (
            {**XL, "negative_prompt_embeds": states()},
            "Its vectors are 768 wide; with a pooled output they must be SDXL's",
        ),
        ({**XL, "third": states()}, "This file's tensors match no known embedding format"),
        ({"a": states(), "b": states()}, "This file's tensors match no known embedding format"),
        ({"a": states(positions=78)}, "This file contains 78 vectors"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(tensors: dict[str, Array], reason: str) -> None:
    for data in (tensor_file(tensors), table_pt(tensors)):
        with pytest.raises(RefusedFile) as caught:
            convert_bytes(data, "x.bin")
        assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("shape", [(768,), (8, 768), (77, 2, 3), (2, 77, 768), (77,)])
def test_other_tensors_without_a_name_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RefusedFile, match="a single tensor without a name"):
        convert_bytes(bare(np.ones(shape, np.float32)), "x.bin")
