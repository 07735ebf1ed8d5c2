"""Every format of the wild, built from its documented layout, and what `inspect` says of it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.catalog import Catalog, CatalogEntry, read_catalog
from embeddings.embedding import hash_vectors
from embeddings.errors import RefusedFile
from embeddings.inspection import inspect_file
from tests.embeddings.conftest import Put
from tests.embeddings.files import pair, rows, tensor_file
from tests.embeddings.foreign.builders import (
    a1111_png,
    a1111_pt,
    a1111_tree,
    parameter_dict,
    program,
    table,
    table_pt,
    tensor,
    torch_zip,
    whole,
)

SD1, SD2, XL = rows(3), rows(3, 1024), pair(3)
ENCODERS = {768: "clip_l", 1024: "clip_h"}


def compvis_pt(values: np.ndarray) -> bytes:
    """The first of all: a ParameterDict, and the token as a tensor of int64."""
    entries = {
        "string_to_token": table({"*": tensor("I64", [], key="0")}),
        "string_to_param": parameter_dict({"*": tensor("F32", values.shape, key="1")}),
    }
    return torch_zip(program(table(entries)), {"0": whole(265)[1:] + bytes(4), "1": values.tobytes()})


FORMATS: list[tuple[str, bytes, str, dict[str, np.ndarray], str]] = [
    ("a.pt", a1111_pt(SD1), "A1111 (string_to_param), torch file", {"clip_l": SD1}, "F32"),
    ("a2.pt", a1111_pt(SD2, "F16"), "A1111 (string_to_param), torch file", {"clip_h": SD2}, "F16"),
    ("compvis.pt", compvis_pt(SD1), "A1111 (string_to_param), torch file", {"clip_l": SD1}, "F32"),
    ("k.pt", table_pt({"emb_params": SD1}), "A1111 / kohya (emb_params), torch file", {"clip_l": SD1}, "F32"),
    ("kxl.pt", table_pt(XL, "BF16"), "SDXL (clip_l + clip_g), torch file", XL, "BF16"),
    ("k.safetensors", tensor_file({"emb_params": SD1}), "A1111 / kohya (emb_params)", {"clip_l": SD1}, "F32"),
    ("kxl.safetensors", tensor_file(XL, dtype="F16"), "SDXL (clip_l + clip_g)", XL, "F16"),
    ("ot.safetensors", tensor_file({"emp_params": SD1}), "OneTrainer (emp_params)", {"clip_l": SD1}, "F32"),
    (
        "pivotal.safetensors",
        tensor_file({"text_encoders_1": XL["clip_g"], "text_encoders_0": XL["clip_l"]}),
        "SDXL, diffusers (text_encoders_0 + text_encoders_1)",
        XL,
        "F32",
    ),
    (
        "learned_embeds.safetensors",
        tensor_file({"<bad>": SD1}, metadata={"format": "pt"}),
        "diffusers (token '<bad>')",
        {"clip_l": SD1},
        "F32",
    ),
    (
        "one-d.safetensors",
        tensor_file({"<bad>": SD1[0]}),
        "diffusers (token '<bad>')",
        {"clip_l": SD1[:1]},
        "F32",
    ),
    ("learned_embeds.bin", table_pt({"<bad>": SD1}), "diffusers (token '<bad>'), torch file", {"clip_l": SD1}, "F32"),
    ("one-d.bin", table_pt({"<bad>": SD1[0]}), "diffusers (token '<bad>'), torch file", {"clip_l": SD1[:1]}, "F32"),
    (
        "old.bin",
        table_pt({"<bad>": SD1}, legacy=True),
        "diffusers (token '<bad>'), torch file from before 1.6",
        {"clip_l": SD1},
        "F32",
    ),
    (
        "a.png",
        a1111_png(a1111_tree(SD1)),
        "A1111 (string_to_param), PNG text (sd-ti-embedding)",
        {"clip_l": SD1},
        "F32",
    ),
    (
        "resaved.png",
        a1111_png(a1111_tree(SD2), b"iTXt"),
        "A1111 (string_to_param), PNG text (sd-ti-embedding)",
        {"clip_h": SD2},
        "F32",
    ),
]
ARCHITECTURES = {("clip_l",): "sd1", ("clip_h",): "sd2", ("clip_g", "clip_l"): "sdxl"}


@pytest.mark.parametrize(("file", "data", "layout", "vectors", "dtype"), FORMATS, ids=[name for name, *_ in FORMATS])
def test_every_format_is_described(
    put: Put, file: str, data: bytes, layout: str, vectors: dict[str, np.ndarray], dtype: str
) -> None:
    facts = inspect_file(put(file, data), read_catalog())
    count = next(iter(vectors.values())).shape[0]
    assert {key: facts[key] for key in facts if key not in ("metadata", "warnings")} == {
        "file": file,
        "format": layout,
        "architecture": ARCHITECTURES[tuple(sorted(vectors))],
        "vectors": count,
        "widths": {encoder: values.shape[1] for encoder, values in vectors.items()},
        "dtype": dtype,
        "content_hash": hash_vectors(vectors),
        "file_hash": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "catalog": None,
    }
    told = "It must be converted to be installed: python -m embeddings convert FILE NAME.safetensors"
    assert facts["warnings"] == ([] if file.endswith(".safetensors") else [told])


@pytest.mark.parametrize("data", [a1111_pt(SD1), a1111_png(a1111_tree(SD1))], ids=["pt", "png"])
def test_what_a1111_tells_of_its_training_is_kept_as_hints(put: Put, data: bytes) -> None:
    assert inspect_file(put("a.bin", data), Catalog())["metadata"] == {
        "name": "bad-things",
        "step": "4999",
        "sd_checkpoint": "81761151",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
    }


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_what_the_installed_torch_writes_is_read(put: Put, options: dict[str, Any], dtype: torch.dtype) -> None:
    values = torch.from_numpy(SD1).to(dtype)
    tree = {
        "string_to_token": {"*": torch.tensor(265)},
        "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(values, requires_grad=False)}),
        "name": "bad",
        "step": 5,
        "sd_checkpoint": None,
    }
    buffer = io.BytesIO()
    torch.save(tree, buffer, **options)
    facts = inspect_file(put("a.pt", buffer.getvalue()), Catalog())
    assert facts["content_hash"] == hash_vectors({"clip_l": SD1})


@pytest.mark.parametrize(
    ("tensors", "layout", "architecture", "unusable"),
    [
        ({**XL, "t5xxl": rows(3, 4096)}, "SD3 (clip_g + clip_l + t5xxl)", "sd3", "'t5xxl'"),
        ({**XL, "t5": rows(3, 4096)}, "SD3 (clip_g + clip_l + t5)", "sd3", "'t5'"),
        ({"clip_l": SD1, "t5": rows(3, 4096)}, "Flux (clip_l + t5)", "flux", "'t5'"),
    ],
)
def test_embeddings_for_sd3_and_flux_are_described_with_the_keys_that_nothing_here_takes(
    put: Put, tensors: dict[str, np.ndarray], layout: str, architecture: str, unusable: str
) -> None:
    for file, container, data in [
        ("a.safetensors", "", tensor_file(tensors, dtype="F16", metadata={"modelspec.title": "x"})),
        ("a.pt", ", torch file", table_pt(tensors, "F16")),
    ]:
        facts = inspect_file(put(file, data), Catalog())
        assert facts["format"] == layout + container
        assert facts["architecture"] == architecture
        assert facts["vectors"] == 3
        assert facts["widths"] == {key: values.shape[1] for key, values in sorted(tensors.items())}
        assert facts["dtype"] == "F16"
        sentence = f"No model here has the text encoder that {unusable} is for, so it cannot be installed."
        assert sentence in facts["warnings"]


def test_a_bad_vector_for_another_family_is_refused_too(put: Put) -> None:
    tensors = {"clip_l": SD1, "t5": np.full((3, 4096), np.nan, np.float32)}
    with pytest.raises(RefusedFile, match="not numbers"):
        inspect_file(put("a.safetensors", tensor_file(tensors)), Catalog())


def metadata(**told: str) -> dict[str, str]:
    return {f"modelspec.{key}": value for key, value in told.items()}


@pytest.mark.parametrize(
    ("file", "data", "warning"),
    [
        ("a", tensor_file({"a": rows(40)}), "It takes 40 of a prompt's 75 places, which leaves little for words."),
        ("a", tensor_file({"a": np.vstack([SD1, SD1[:1] * 0])}), "1 of its 4 vectors for clip_l are zero."),
        ("a", tensor_file({"a": np.vstack([SD1, SD1[:1]])}), "Some of its vectors for clip_l are the same."),
        ("a", tensor_file({"a": SD1 * 64}), "A vector for clip_l has the length "),
        (
            "a",
            tensor_file({"a": SD1}, metadata=metadata(architecture="stable-diffusion-xl-v1-base/textual-inversion")),
            "It says that it is for sdxl, but its vectors are for sd1.",
        ),
        (
            "a",
            tensor_file({"a": SD1}, metadata=metadata(is_negative_embedding="False")),
            "Its author marked it as one for the positive prompt.",
        ),
        ("\u0415asy", tensor_file({"a": SD1}), "Its name mixes Latin and Cyrillic letters"),
        ("Easy\u200bNegative", tensor_file({"a": SD1}), "Its name holds a character that cannot be seen"),
    ],
)
def test_what_is_odd_is_said(put: Put, file: str, data: bytes, warning: str) -> None:
    (said,) = inspect_file(put(f"{file}.safetensors", data), Catalog())["warnings"]
    assert said.startswith(warning)


def entry(file_hash: str) -> CatalogEntry:
    known = {"id": "Bad", "title": "Bad", "architecture": "sd1", "lineage": "sd15", "targets": ("hands",)}
    return CatalogEntry.model_validate({**known, "hashes": (file_hash[:12],)})


def test_the_catalog_knows_a_torch_file_by_its_hash_and_what_was_made_of_it_by_its_word(put: Put) -> None:
    source_hash = hashlib.sha256(a1111_pt(SD1)).hexdigest()
    catalog = Catalog((entry(source_hash),))
    assert inspect_file(put("any.pt", a1111_pt(SD1)), catalog)["catalog"] == "Bad"
    made = tensor_file({"emb_params": SD1}, metadata={"source.sha256": source_hash})
    facts = inspect_file(put("any.safetensors", made), catalog)
    assert facts["catalog"] == "Bad"
    assert facts["warnings"] == [
        "It says that it was converted from the known file of 'Bad'; only its word stands for it."
    ]


@pytest.mark.parametrize("suffix", [".pt", ".png", ".safetensors"])
def test_of_a_file_over_the_limit_only_the_start_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte, none of it on the disk: whoever read it would be at it for an hour
    begun = time.monotonic()
    with pytest.raises(RefusedFile, match="has 1,099,511,627,776 bytes"):
        inspect_file(path, Catalog())
    assert time.monotonic() - begun < 2


def test_the_command_line_describes_a_torch_file(put: Put) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "embeddings", "inspect", str(put("a.pt", a1111_pt(SD1))), "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(ran.stdout)["format"] == "A1111 (string_to_param), torch file"
