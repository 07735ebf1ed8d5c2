"""torch.save files, new and old: the archive around the pickle, and the tensors in it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from embeddings.errors import RefusedFile
from embeddings.foreign.pickles import read_pickle
from embeddings.foreign.standins import Storage, TensorRecord
from embeddings.foreign.unpacker import unpack
from tests.embeddings.files import rows
from tests.embeddings.foreign.builders import (
    FALSE,
    NONE,
    ORDERED_DICT,
    TRUE,
    a1111_pt,
    program,
    table,
    tensor,
    text,
    torch_legacy,
    torch_zip,
    tuple_of,
    whole,
    zip_of,
)
from tests.embeddings.foreign.refusals import DATA, GOOD
from tests.sentences.embeddings import UNKNOWN_KIND

PKL = ("archive/data.pkl", GOOD)
ONE = ("archive/data/0", DATA["0"])


def with_size(data: bytes, size: int) -> bytes:
    """The archive with a wrong size for its last member, in that member's header and in the directory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.infolist()[-1]
    old, new = struct.pack("<I", info.file_size), struct.pack("<I", size)
    directory = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    changed[info.header_offset + 22 : info.header_offset + 26] = new
    assert changed[directory + 24 : directory + 28] == old
    changed[directory + 24 : directory + 28] = new
    return bytes(changed)


def marked_encrypted(data: bytes) -> bytes:
    """The archive with its last member marked as encrypted."""
    changed = bytearray(data)
    changed[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


BOMB = zip_of([PKL, ("archive/data/0", bytes(3_000_000))], zipfile.ZIP_DEFLATED)
ARCHIVES: Mapping[str, tuple[bytes, str]] = {
    "no pickle": (zip_of([ONE]), "isn't one that torch wrote"),
    "two pickles": (zip_of([PKL, ONE, PKL]), "'data.pkl' twice"),
    "two folders": (zip_of([PKL, ONE, ("b/data/1", b"")]), "isn't one that torch wrote"),
    "a pickle of another name": (zip_of([PKL, ONE, ("archive/evil.pkl", GOOD)]), "'archive/evil.pkl'"),
    "a pickle elsewhere": (zip_of([("data.pkl", GOOD), ONE]), "'data.pkl', which isn't part of a torch file"),
    "a pickle in the data": (zip_of([PKL, ("archive/data/data.pkl", GOOD)]), "which isn't part of a torch file"),
    "a path upwards": (zip_of([PKL, ("archive/../data/0", DATA["0"])]), "which isn't part of a torch file"),
    "an absolute path": (zip_of([PKL, ("/archive/data/0", DATA["0"])]), "which isn't part of a torch file"),
    "a backslash": (zip_of([PKL, ("archive\\data\\0", DATA["0"])]), "which isn't part of a torch file"),
    "a program": (zip_of([PKL, ONE, ("archive/code/__torch__.py", b"")]), "a TorchScript program"),
    "a line break": (zip_of([PKL, ONE, ("archive/data/0\n", b"")]), "which isn't part of a torch file"),
    "digits of other scripts": (zip_of([PKL, ("archive/data/٠", DATA["0"])]), "which isn't part of a torch file"),
    "an archive in an archive": (zip_of([PKL, ("archive/data/0", torch_zip(GOOD, DATA))]), "a different size"),
    "another archive before it": (torch_zip(GOOD, DATA) + torch_zip(GOOD, DATA), "hidden data before"),
    "data after it": (torch_zip(GOOD, DATA) + b"x", "hidden data after its archive"),
    "a comment": (torch_zip(GOOD, DATA)[:-2] + b"\x01\x00x", "hidden data after its archive"),
    "a second program": (torch_zip(GOOD + GOOD, DATA), "hidden data after its pickle"),
    "encrypted": (marked_encrypted(torch_zip(GOOD, DATA)), "encrypted"),
    "LZMA": (zip_of([PKL, ONE], zipfile.ZIP_LZMA), "compressed in a way"),
    "a bomb": (BOMB, "a zip bomb"),
    "a bomb that understates its size": (with_size(BOMB, 6144), "damaged|a different size"),
    "much data": (torch_zip(GOOD, {"0": DATA["0"], "1": bytes(5_000_000)}), "unpacks to more than"),
    "a large pickle": (torch_zip(GOOD + bytes(300_000), DATA), "This file's pickle has more than"),
    "many members": (torch_zip(GOOD, {str(number): b"" for number in range(100)}), "102 entries"),
    "big-endian": (zip_of([PKL, ONE, ("archive/byteorder", b"big")]), "big-endian"),
    "a wrong checksum": (torch_zip(GOOD, DATA).replace(DATA["0"], DATA["0"][::-1]), "damaged"),
    "cut off": (torch_zip(GOOD, DATA)[:-30], "damaged"),
    "only the first bytes": (b"PK\x03\x04", "damaged"),
    "empty": (zip_of([]), UNKNOWN_KIND),
    "no storage": (zip_of([PKL]), "a tensor that it doesn't contain"),
    "a storage too small": (torch_zip(GOOD, {"0": DATA["0"][:-4]}), "a different size than declared"),
}


@pytest.mark.parametrize("case", list(ARCHIVES))
def test_an_archive_that_torch_wouldnt_write_is_refused(case: str) -> None:
    data, part = ARCHIVES[case]
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_a_compressed_archive_is_read() -> None:
    # some people recompress their files; real vectors hardly shrink
    data = zip_of([PKL, ONE, ("archive/version", b"3\n"), ("archive/byteorder", b"little")], zipfile.ZIP_DEFLATED)
    assert unpack(data).tensors["emb_params"].data == DATA["0"]


def with_tensor(**changed: Any) -> bytes:
    """A file whose tensor is described differently, over a storage of 1,536 values."""
    arguments: dict[str, Any] = {"shape": [2, 768], "numel": 1536, **changed}
    return torch_zip(program(table({"a": tensor("F32", arguments.pop("shape"), **arguments)})), DATA)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (with_tensor(stride=[1, 2]), "isn't stored row by row"),
        (with_tensor(stride=[0, 1]), "isn't stored row by row"),
        (with_tensor(stride=[-768, 1]), "isn't stored row by row"),
        (with_tensor(stride=[768]), "a shape that no token vectors have"),
        (with_tensor(offset=1), "beyond its data"),
        (with_tensor(offset=-1), "beyond its data"),
        (with_tensor(shape=[3, 768]), "beyond its data"),
        (with_tensor(shape=[-2, -768], stride=[-768, 1]), "isn't stored row by row"),
        (with_tensor(shape=[2**40, 768], stride=[768, 1]), "isn't stored row by row"),
        (with_tensor(shape=[1] * 9 + [768]), "a shape that no token vectors have"),
        (with_tensor(numel=2**50), "a different size than declared"),
        (with_tensor(numel=-1), "a different size than declared"),
        (with_tensor(key="../../etc/passwd"), "a tensor that it doesn't contain"),
        (torch_zip(program(table({"a": tensor("I64", [192])})), DATA), "are stored as I64"),
        (torch_zip(program(table({"a": tensor("DoubleStorage", [192])})), DATA), "'torch.DoubleStorage'"),
        (torch_zip(program(tensor("F32", [2, 768])), DATA), "a single tensor without a name"),
        (torch_zip(program(b"]"), DATA), "no named tensors"),
        (torch_zip(program(b"}"), DATA), "no tensors"),
        (torch_zip(program(table({"a": table({"b": tensor("F32", [2, 768])})})), DATA), "no tensors"),
        (torch_zip(program(table({"string_to_param": b"}"})), DATA), "contains no vectors"),
        (torch_zip(program(table({"string_to_param": NONE})), DATA), "contains no vectors"),
        (torch_zip(program(table({"string_to_param": table({"*": NONE})})), DATA), "something other than a tensor"),
        (torch_zip(program(table({"string_to_param": table({"a": NONE, "b": NONE})})), DATA), "contains 2 embeddings"),
        (torch_zip(program(b"}M\x00\x03" + tuple_of(ORDERED_DICT) + b"s"), DATA), "a hypernetwork"),
        (torch_zip(program(table({"hash": text("x"), "optimizer_state_dict": b"}"})), DATA), "the optimiser state"),
        (torch_zip(program(table({"state_dict": b"}"})), DATA), "a model, not an embedding"),
        (torch_zip(program(table({"state_dict": table({"lora_te.alpha": NONE})})), DATA), "a LoRA"),
        (torch_zip(program(table({"model.diffusion_model.out.0.bias": NONE})), DATA), "a whole model"),
        (torch_zip(program(table({"lora_unet.lora_up.weight": tensor("F32", [2, 768])})), DATA), "a LoRA"),
    ],
)
def test_anything_but_plain_vectors_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_a_view_into_a_larger_storage_is_read() -> None:
    data = with_tensor(shape=[1, 768], offset=768)
    assert unpack(data).tensors["a"].data == rows(2)[1:].tobytes()


# Files from before torch 1.6

OLD = torch_legacy(program(table({"a": tensor("F32", [2, 768], legacy=True)})), {"0": (1536, DATA["0"])})


def test_an_old_file_is_read() -> None:
    assert unpack(OLD).tensors["a"].data == DATA["0"]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (OLD[:-1], "a different size than declared"),
        (OLD + b"\0", "hidden data after its tensors"),
        (OLD.replace(whole(1001), whole(1002), 1), "an unknown version of torch"),
        (OLD.replace(text("little_endian") + TRUE, text("little_endian") + FALSE), "an unknown version of torch"),
        (program(table({"a": NONE})), "torch didn't write"),
        (program(b"}") * 9, "torch didn't write"),
        (OLD.replace(b"](" + text("0"), b"](" + text("1")), "list of tensors is damaged"),
        (OLD.replace(b"](" + text("0"), b"](" + text("0") * 2), "list of tensors is damaged"),
        (
            OLD.replace(struct.pack("<q", 1536) + DATA["0"][:8], struct.pack("<q", 99) + DATA["0"][:8]),
            "a different size",
        ),
        (b"\x80", "cut off"),
    ],
)
def test_a_damaged_old_file_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_a_tensor_is_a_record_until_it_is_read() -> None:
    record = read_pickle(program(tensor("F32", [2, 768]))).value
    assert record == TensorRecord(Storage("F32", "0", 1536), 0, (2, 768), (768, 1))
    assert unpack(a1111_pt(rows(2))).tensors["emb_params"].data == DATA["0"]
