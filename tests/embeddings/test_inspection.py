"""What inspection says about every known format, each built from its documented layout."""

from __future__ import annotations

import hashlib
import io
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
from tests.sentences.embeddings import INVISIBLE_CHARACTER, MIXED_ALPHABETS, POSITIVE_TWIN

SD1, SD2, XL = rows(3), rows(3, 1024), pair(3)
ENCODERS = {768: "clip_l", 1024: "clip_h"}


def compvis_pt(values: np.ndarray) -> bytes:
    """The original textual inversion format: a ParameterDict, and the token id as an int64 tensor."""
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
    advice = "Convert it before you copy it into the library: python -m embeddings convert FILE NAME.safetensors"
    assert facts["warnings"] == ([] if file.endswith(".safetensors") else [advice])


@pytest.mark.parametrize("data", [a1111_pt(SD1), a1111_png(a1111_tree(SD1))], ids=["pt", "png"])
def test_a1111s_training_facts_are_kept_as_metadata(put: Put, data: bytes) -> None:
    assert inspect_file(put("a.bin", data), Catalog())["metadata"] == {
        "name": "bad-things",
        "step": "4999",
        "sd_checkpoint": "81761151",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
    }


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_files_from_the_installed_torch_are_read(put: Put, options: dict[str, Any], dtype: torch.dtype) -> None:
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
    ("tensors", "layout", "architecture", "unsupported"),
    [
        ({**XL, "t5xxl": rows(3, 4096)}, "SD3 (clip_g + clip_l + t5xxl)", "sd3", "'t5xxl'"),
        ({**XL, "t5": rows(3, 4096)}, "SD3 (clip_g + clip_l + t5)", "sd3", "'t5'"),
        ({"clip_l": SD1, "t5": rows(3, 4096)}, "Flux (clip_l + t5)", "flux", "'t5'"),
    ],
)
def test_sd3_and_flux_embeddings_are_described_with_their_unsupported_keys(
    put: Put, tensors: dict[str, np.ndarray], layout: str, architecture: str, unsupported: str
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
        sentence = f"It can't be installed: no supported model has a text encoder for {unsupported}."
        assert sentence in facts["warnings"]


def test_invalid_vectors_for_an_unsupported_family_are_refused(put: Put) -> None:
    tensors = {"clip_l": SD1, "t5": np.full((3, 4096), np.nan, np.float32)}
    with pytest.raises(RefusedFile, match="NaN or infinite"):
        inspect_file(put("a.safetensors", tensor_file(tensors)), Catalog())


def modelspec(**facts: str) -> dict[str, str]:
    return {f"modelspec.{key}": value for key, value in facts.items()}


@pytest.mark.parametrize(
    ("file", "data", "warning"),
    [
        (
            "a",
            tensor_file({"a": rows(40)}),
            "It takes 40 of the 75 tokens in a chunk, which leaves little room for words.",
        ),
        ("a", tensor_file({"a": np.vstack([SD1, SD1[:1] * 0])}), "Vectors for clip_l that are zero: 1 of 4."),
        ("a", tensor_file({"a": np.vstack([SD1, SD1[:1]])}), "Some of its vectors for clip_l are identical."),
        ("a", tensor_file({"a": SD1 * 64}), "A vector for clip_l has length "),
        (
            "a",
            tensor_file({"a": SD1}, metadata=modelspec(architecture="stable-diffusion-xl-v1-base/textual-inversion")),
            "Its metadata says it is for sdxl, but its vectors are for sd1.",
        ),
        (
            "a",
            tensor_file({"a": SD1}, metadata=modelspec(is_negative_embedding="False")),
            "Its metadata says it is for the positive prompt.",
        ),
        ("\u0415asy", tensor_file({"a": SD1}), MIXED_ALPHABETS),
        ("Easy\u200bNegative", tensor_file({"a": SD1}), INVISIBLE_CHARACTER),
    ],
)
def test_oddities_give_warnings(put: Put, file: str, data: bytes, warning: str) -> None:
    (found,) = inspect_file(put(f"{file}.safetensors", data), Catalog())["warnings"]
    assert found.startswith(warning)


def entry(file_hash: str) -> CatalogEntry:
    known = {"id": "Bad", "title": "Bad", "architecture": "sd1", "lineage": "sd15", "targets": ("hands",)}
    return CatalogEntry.model_validate({**known, "hashes": (file_hash[:12],)})


def test_the_catalog_recognises_a_torch_file_by_hash_and_its_conversion_by_metadata(put: Put) -> None:
    source_hash = hashlib.sha256(a1111_pt(SD1)).hexdigest()
    catalog = Catalog((entry(source_hash),))
    assert inspect_file(put("any.pt", a1111_pt(SD1)), catalog)["catalog"] == "Bad"
    converted = tensor_file({"emb_params": SD1}, metadata={"source.sha256": source_hash})
    facts = inspect_file(put("any.safetensors", converted), catalog)
    assert facts["catalog"] == "Bad"
    assert facts["warnings"] == [
        "Its metadata says it was converted from a known file of 'Bad', which can't be verified."
    ]


def test_a_known_positive_twin_gives_a_warning(put: Put) -> None:
    data = tensor_file({"emb_params": SD1})
    known = {
        "id": "twin-neg",
        "title": "Negative twin",
        "architecture": "sd1",
        "lineage": "sd15",
        "targets": ("hands",),
    }
    twin = {"name": "twin", "hashes": (hashlib.sha256(data).hexdigest()[:12],)}
    catalog = Catalog((CatalogEntry.model_validate({**known, "positives": (twin,)}),))
    facts = inspect_file(put("twin.safetensors", data), catalog)
    assert facts["catalog"] is None
    assert facts["warnings"] == [POSITIVE_TWIN]


@pytest.mark.parametrize("suffix", [".pt", ".png", ".safetensors"])
def test_only_the_start_of_a_file_over_the_limit_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse terabyte, which would take an hour to read
    started = time.monotonic()
    with pytest.raises(RefusedFile, match="has 1,099,511,627,776 bytes"):
        inspect_file(path, Catalog())
    assert time.monotonic() - started < 2
