"""Files that can't be converted, and the reason given for each."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.conversion import convert_bytes
from embeddings.errors import RefusedFile
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.reader import MAX_FILE_BYTES
from tests.embeddings.files import pack, pair, rows, tensor_file
from tests.embeddings.foreign.builders import a1111_pt, program, table, table_pt, tensor, text, torch_zip, zip_of
from tests.sentences import embeddings as sentences

SD1, XL = rows(3), pair(3)


@pytest.mark.parametrize(
    ("filename", "part"),
    [
        ("../bad.pt", "Its name looks like a path"),
        ("/etc/bad.pt", "Its name looks like a path"),
        ("C:\\bad.pt", "Its name looks like a path"),
        ("...pt", "Its name looks like a path"),
        (".pt", "must start with a letter"),
        ("bad\u200bhands.pt", sentences.INVISIBLE_CHARACTER),
        ("bad\u3164hands.pt", sentences.INVISIBLE_CHARACTER),
        ("bad\ufe0fhands.pt", sentences.INVISIBLE_CHARACTER),
        ("\u202ebad.pt", sentences.INVISIBLE_CHARACTER),
        ("b\u0430d.pt", sentences.MIXED_ALPHABETS),
        ("NUL.pt", "Windows"),
        ("bad\nhands.pt", sentences.INVISIBLE_CHARACTER),
        ("x" * 65 + ".pt", "65 characters"),
        ("@everyone.pt", "only letters, digits, spaces and"),
    ],
)
def test_an_invalid_name_is_refused(filename: str, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        convert_bytes(tensor_file({"emb_params": SD1}), filename)


def damaged(values: np.ndarray, value: float) -> np.ndarray:
    changed = values.copy()
    changed[1, 5] = value
    return changed


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", sentences.EMPTY),
        (b"PK", sentences.UNKNOWN_KIND),
        (b"<!DOCTYPE html>", "This is a web page, not an embedding; downloading the file itself may require a login."),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "This is only a Git LFS pointer; please download the file that it points to.",
        ),
        (
            b"\xff\xd8\xff\xe0",
            "This is a JPEG, which can't contain an embedding; A1111 stores embeddings in PNG files.",
        ),
        (b"RIFF\0\0\0\0WEBP", "This isn't a PNG, the only kind of picture that embeddings are read from."),
        (b"GGUF\3\0\0\0", "This is a GGUF model, not an embedding; please choose a textual inversion file."),
        (b"Rar!\x1a\x07", "This is an archive; please unpack it and send the file inside."),
        (
            zip_of([("bad.pt", a1111_pt(SD1))]),
            "This archive contains 'bad.pt', which isn't part of a torch file; if it is a zip of embeddings, please",
        ),
        (tensor_file({"emb_params": SD1})[:7], sentences.UNKNOWN_KIND),
        (tensor_file({"emb_params": SD1})[:40], sentences.HEADER_CUT_OFF),
        (pack(b'{"a": 1, "a": 2}'), sentences.DUPLICATE_NAME),
        (b"\0\0\0\0\0\0\0\x7f{", "This file's header claims to have "),
        (tensor_file({"lora_unet.lora_up.weight": SD1}), sentences.LORA),
        (
            tensor_file({"emb_params": rows(2, 640)}),
            "Its vectors are 640 wide: no supported model has a text encoder of that width.",
        ),
        (
            tensor_file({"bad": rows(2, 1280)}),
            "Its vectors are 1280 wide: this is only half of an SDXL embedding, without its clip_l tensor.",
        ),
        (tensor_file({"bad": rows(2, 4096)}), "Its vectors are 4096 wide: this embedding is for T5"),
        (tensor_file({"a": SD1, "t5": rows(3, 4096)}), sentences.FOR_FLUX),
        (table_pt({**XL, "t5xxl": rows(3, 4096)}), sentences.FOR_SD3),
        (table_pt({**XL, "clip_l_out": SD1}), sentences.OUTPUT_VECTORS),
        (
            table_pt({"clip_l": SD1, "clip_g": rows(2, 1280)}),
            "clip_l and clip_g have 3 and 2 vectors; both must have the same number.",
        ),
        (
            tensor_file({"text_encoders_0": SD1, "text_encoders_1": rows(2, 1280)}),
            "text_encoders_0 and text_encoders_1 have 3 and 2 vectors",
        ),
        (
            table_pt({f"token{number}": SD1 for number in range(9)}),
            sentences.NINE_TENSORS,
        ),
        (table_pt({"a": SD1, "b": SD1}), "This file's tensors match no known embedding format: 'a', 'b'."),
        (a1111_pt(rows(76)), sentences.TOO_MANY_VECTORS),
        (a1111_pt(damaged(SD1, np.nan)), sentences.NOT_NUMBERS),
        (a1111_pt(damaged(SD1, np.inf), "F16"), sentences.NOT_NUMBERS),
        (
            a1111_pt(damaged(SD1, 1e5)),
            "This embedding has a vector of length 1e+05, but token vectors are about 1 long;",
        ),
        (a1111_pt(SD1 * 0), sentences.ALL_ZERO),
        (
            torch_zip(program(table({"x": text("os")})) + b"cos\nsystem\n."),
            sentences.DATA_AFTER_PICKLE,
        ),
        (torch_zip(program(b"cos\nsystem\n")), sentences.ASKS_FOR_OS_SYSTEM),
    ],
)
def test_everything_else_is_refused_with_its_own_reason(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "bad.pt")
    reason = str(refused.value)
    assert reason.startswith(sentence)
    assert reason.endswith(".")
    assert reason.isprintable()


LORA_TENSORS = {"lora_unet_mid.lora_up.weight": tensor("F16", [800, 800])}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bytes(MAX_INPUT_BYTES + 1), "This file has 8,388,609 bytes; an embedding has at most 8,388,608."),
        (pack({"a": 1}, bytes(MAX_FILE_BYTES)), "This file has 2,097,168 bytes; an embedding has at most 2,097,152."),
        (pack({"lora_te.alpha": {"dtype": "F16"}}, bytes(MAX_FILE_BYTES)), sentences.LORA),
        (torch_zip(program(table(LORA_TENSORS)), {"0": bytes(9_000_000)}), sentences.LORA),
    ],
)
def test_a_file_that_is_too_large_is_recognised_from_its_start(data: bytes, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        convert_bytes(data, "a.pt")
    assert str(refused.value) == sentence
