"""Any format becomes an ordinary safetensors file that says where it comes from; everything else one sentence."""

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
from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.header import read_header
from embeddings.reader import MAX_FILE_BYTES, read_bytes, read_file
from tests.embeddings.conftest import Put
from tests.embeddings.files import pack, pair, rows, tensor_file
from tests.embeddings.foreign.builders import (
    a1111_png,
    a1111_pt,
    a1111_tree,
    program,
    table,
    table_pt,
    tensor,
    text,
    torch_zip,
    zip_of,
)

SD1, XL = rows(3), pair(3)
REPOSITORY = Path(__file__).parents[2]


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
    told = metadata(converted)
    assert told["modelspec.is_negative_embedding"] == "true"
    assert told["source.sha256"] == converted.source_hash == hashlib.sha256(data).hexdigest()
    assert told["source.format"] == converted.layout
    assert told["converter"] == "negative-space 1"
    read = read_bytes(converted.data)
    assert read.content_hash == converted.file.embedding.content_hash


def test_what_the_file_says_of_itself_goes_along() -> None:
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


def test_notes_are_kept_but_neither_a_false_architecture_nor_pictures() -> None:
    told = {
        "modelspec.title": "Bad\nHands",
        "modelspec.author": "Ana",
        "modelspec.is_negative_embedding": "false",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/textual-inversion",
        "modelspec.thumbnail": "data:image/jpeg;base64,AAAA",
        "modelspec.description": "x" * 5_000,
        "ss_tag_frequency": "{}",
    }
    kept = metadata(convert_bytes(tensor_file({"emb_params": SD1}, metadata=told), "a.safetensors"))
    assert kept["modelspec.title"] == "Bad\N{REPLACEMENT CHARACTER}Hands"
    assert kept["modelspec.author"] == "Ana"
    assert kept["modelspec.is_negative_embedding"] == "false"
    assert kept["modelspec.architecture"] == "stable-diffusion-v1/textual-inversion"
    assert len(kept["modelspec.description"]) == 1_000
    assert "modelspec.thumbnail" not in kept
    assert "ss_tag_frequency" not in kept


def test_notes_without_end_still_make_a_file_that_is_read_again() -> None:
    # each of these characters is replaced by one of three bytes
    told = {f"modelspec.{number}\x7f": "\x7f" * 1_900 for number in range(50)}
    entry = {"dtype": "F32", "shape": list(SD1.shape), "data_offsets": [0, SD1.nbytes]}
    header = json.dumps({"__metadata__": told, "a": entry}, ensure_ascii=False).encode()
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
def test_what_is_to_be_installed_is_described_as_if_it_were_read_back(data: bytes, tmp_path: Path) -> None:
    converted = convert_bytes(data, "bad.bin")
    path = tmp_path / "bad.safetensors"
    path.write_bytes(converted.installable)
    read = read_file(path)
    assert (converted.file.file_hash, converted.file.size_bytes) == (read.file_hash, read.size_bytes)
    described, expected = ({**vars(file.embedding), "vectors": None} for file in (converted.file, read))
    assert described == expected
    assert converted.file.embedding.content_hash == read.embedding.content_hash


def test_the_same_file_converts_to_the_same_bytes() -> None:
    assert convert_bytes(a1111_pt(SD1), "a.pt").data == convert_bytes(a1111_pt(SD1), "a.pt").data


def test_a_picture_goes_by_the_name_in_it_if_that_is_one() -> None:
    assert convert_bytes(a1111_png(a1111_tree(SD1)), "00012-4.png").name == "bad-things"
    tree = {**a1111_tree(SD1), "name": "../bad"}
    assert convert_bytes(a1111_png(tree), "00012-4.png").name == "00012-4"


@pytest.mark.parametrize(
    ("filename", "part"),
    [
        ("../bad.pt", "Its name is a path"),
        ("/etc/bad.pt", "Its name is a path"),
        ("C:\\bad.pt", "Its name is a path"),
        ("...pt", "Its name is a path"),
        (".pt", "hard to type"),
        ("bad\u200bhands.pt", "cannot be seen"),
        ("bad\u3164hands.pt", "cannot be seen"),
        ("bad\ufe0fhands.pt", "cannot be seen"),
        ("\u202ebad.pt", "cannot be seen"),
        ("b\u0430d.pt", "mixes Latin and Cyrillic"),
        ("NUL.pt", "Windows"),
        ("bad\nhands.pt", "cannot be seen"),
        ("x" * 65 + ".pt", "65 characters"),
        ("@everyone.pt", "hard to type"),
    ],
)
def test_a_name_that_is_none_is_refused(filename: str, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        convert_bytes(tensor_file({"emb_params": SD1}), filename)


def damaged(values: np.ndarray, value: float) -> np.ndarray:
    changed = values.copy()
    changed[1, 5] = value
    return changed


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK", "It is neither a safetensors file, nor a torch file, nor a PNG picture."),
        (b"<!DOCTYPE html>", "This is a web page, not an embedding; the download may need a login."),
        (b"version https://git-lfs.github.com/spec/v1\n", "This is only a pointer to a file (git LFS); please"),
        (b"\xff\xd8\xff\xe0", "Of pictures, only PNG is read, and this is a JPEG, which carries no embedding."),
        (b"RIFF\0\0\0\0WEBP", "Of pictures, only PNG is read, and this is another kind."),
        (b"GGUF\3\0\0\0", "This is a model in the format GGUF, not an embedding."),
        (b"Rar!\x1a\x07", "This is an archive; please unpack it and take the file in it."),
        (zip_of([("bad.pt", a1111_pt(SD1))]), "Its archive holds 'bad.pt', which torch does not write."),
        (tensor_file({"emb_params": SD1})[:7], "It is neither a safetensors file"),
        (tensor_file({"emb_params": SD1})[:40], "The file is cut off in the middle of its header."),
        (pack(b'{"a": 1, "a": 2}'), "Its header cannot be read: a name stands twice."),
        (b"\0\0\0\0\0\0\0\x7f{", "Its header claims "),
        (tensor_file({"lora_unet.lora_up.weight": SD1}), "This is a LoRA, not an embedding."),
        (tensor_file({"emb_params": rows(2, 640)}), "Its vectors are 640 wide; no model that is known here has such"),
        (tensor_file({"bad": rows(2, 1280)}), "Its vectors are 1280 wide; this is one half of an SDXL embedding"),
        (tensor_file({"bad": rows(2, 4096)}), "Its vectors are 4096 wide; this is an embedding for T5"),
        (tensor_file({"a": SD1, "t5": rows(3, 4096)}), "This is an embedding for Flux or SD3 ('t5'), which no model"),
        (table_pt({**XL, "t5xxl": rows(3, 4096)}), "This is an embedding for SD3 ('t5xxl'), which no model here has."),
        (table_pt({**XL, "clip_l_out": SD1}), "'clip_l_out' is applied after the text encoder"),
        (table_pt({"clip_l": SD1, "clip_g": rows(2, 1280)}), "clip_l and clip_g hold 3 and 2 vectors; they must"),
        (
            tensor_file({"text_encoders_0": SD1, "text_encoders_1": rows(2, 1280)}),
            "text_encoders_0 and text_encoders_1 hold 3 and 2 vectors",
        ),
        (
            table_pt({f"token{number}": SD1 for number in range(9)}),
            "It holds 9 tensors; an embedding holds one or two.",
        ),
        (table_pt({"a": SD1, "b": SD1}), "These tensors are no embedding that is known here: 'a', 'b'."),
        (table_pt({"a": rows(77).reshape(1, 77, 768)}), "It holds a whole prompt as the text encoder gave it out"),
        (a1111_pt(rows(76)), "It holds 76 vectors; a prompt has room for 1 to 75."),
        (a1111_pt(damaged(SD1, np.nan)), "It holds values that are not numbers (NaN or infinity)."),
        (a1111_pt(damaged(SD1, np.inf), "F16"), "It holds values that are not numbers (NaN or infinity)."),
        (a1111_pt(damaged(SD1, 1e5)), "A vector has the length 1e+05; token vectors have a length of about 1."),
        (a1111_pt(SD1 * 0), "All its vectors are zero: it would do nothing."),
        (
            torch_zip(program(table({"x": text("os")})) + b"cos\nsystem\n."),
            "Something stands behind its pickle.",
        ),
        (torch_zip(program(b"cos\nsystem\n")), "It asks for 'os.system', which no embedding needs; it was not loaded."),
    ],
)
def test_everything_else_is_refused_with_a_sentence_of_its_own(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "bad.pt")
    said = str(refused.value)
    assert said.startswith(sentence)
    assert said.endswith(".")
    assert said.isprintable()


LORA = {"lora_unet_mid.lora_up.weight": tensor("F16", [800, 800])}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bytes(MAX_INPUT_BYTES + 1), "The file has 8,388,609 bytes; an embedding has at most 8,388,608."),
        (pack({"a": 1}, bytes(MAX_FILE_BYTES)), "The file has 2,097,168 bytes; an embedding has at most 2,097,152."),
        (pack({"lora_te.alpha": {"dtype": "F16"}}, bytes(MAX_FILE_BYTES)), "This is a LoRA, not an embedding."),
        (torch_zip(program(table(LORA)), {"0": bytes(9_000_000)}), "This is a LoRA, not an embedding."),
    ],
)
def test_what_is_too_large_is_named_if_its_start_gives_it_away(data: bytes, sentence: str, put: Put) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "a.pt")
    assert str(refused.value) == sentence


def test_no_torch_is_needed_for_it() -> None:
    code = "import sys, embeddings.conversion, embeddings.inspection; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"torch", "transformers", "diffusers"} & set(ran.stdout.split())
