"""Files of torch.save, new and old: the archives around the pickle, and the tensors in it."""

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

PKL = ("archive/data.pkl", GOOD)
ONE = ("archive/data/0", DATA["0"])


def lying(data: bytes, size: int) -> bytes:
    """The archive with another unpacked size written for its last member, in its own header and in the directory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.infolist()[-1]
    old, new = struct.pack("<I", info.file_size), struct.pack("<I", size)
    directory = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    changed[info.header_offset + 22 : info.header_offset + 26] = new
    assert changed[directory + 24 : directory + 28] == old
    changed[directory + 24 : directory + 28] = new
    return bytes(changed)


def flagged(data: bytes) -> bytes:
    """The archive with its last member marked as encrypted."""
    changed = bytearray(data)
    changed[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


BOMB = zip_of([PKL, ("archive/data/0", bytes(3_000_000))], zipfile.ZIP_DEFLATED)
ARCHIVES: Mapping[str, tuple[bytes, str]] = {
    "no pickle": (zip_of([ONE]), "not laid out as torch does it"),
    "two pickles": (zip_of([PKL, ONE, PKL]), "'data.pkl' twice"),
    "two folders": (zip_of([PKL, ONE, ("b/data/1", b"")]), "not laid out as torch does it"),
    "a pickle of another name": (zip_of([PKL, ONE, ("archive/evil.pkl", GOOD)]), "'archive/evil.pkl'"),
    "a pickle elsewhere": (zip_of([("data.pkl", GOOD), ONE]), "'data.pkl', which torch does not write"),
    "a pickle in the data": (zip_of([PKL, ("archive/data/data.pkl", GOOD)]), "which torch does not write"),
    "a path upwards": (zip_of([PKL, ("archive/../data/0", DATA["0"])]), "which torch does not write"),
    "an absolute path": (zip_of([PKL, ("/archive/data/0", DATA["0"])]), "which torch does not write"),
    "a backslash": (zip_of([PKL, ("archive\\data\\0", DATA["0"])]), "which torch does not write"),
    "a program": (zip_of([PKL, ONE, ("archive/code/__torch__.py", b"")]), "a TorchScript program"),
    "a line break": (zip_of([PKL, ONE, ("archive/data/0\n", b"")]), "which torch does not write"),
    "digits of other scripts": (zip_of([PKL, ("archive/data/٠", DATA["0"])]), "which torch does not write"),
    "an archive in an archive": (zip_of([PKL, ("archive/data/0", torch_zip(GOOD, DATA))]), "another size"),
    "an archive before": (torch_zip(GOOD, DATA) + torch_zip(GOOD, DATA), "hidden before"),
    "something behind": (torch_zip(GOOD, DATA) + b"x", "hidden behind"),
    "a comment": (torch_zip(GOOD, DATA)[:-2] + b"\x01\x00x", "hidden behind"),
    "a second program": (torch_zip(GOOD + GOOD, DATA), "Something stands behind its pickle"),
    "encrypted": (flagged(torch_zip(GOOD, DATA)), "encrypted"),
    "LZMA": (zip_of([PKL, ONE], zipfile.ZIP_LZMA), "packed in a way"),
    "a bomb": (BOMB, "a zip bomb"),
    "a bomb that lies": (lying(BOMB, 6144), "damaged|another size"),
    "much data": (torch_zip(GOOD, {"0": DATA["0"], "1": bytes(5_000_000)}), "unpacks to more than"),
    "a large pickle": (torch_zip(GOOD + bytes(300_000), DATA), "Its pickle has more than"),
    "many members": (torch_zip(GOOD, {str(number): b"" for number in range(100)}), "102 files"),
    "big-endian": (zip_of([PKL, ONE, ("archive/byteorder", b"big")]), "big-endian"),
    "a wrong checksum": (torch_zip(GOOD, DATA).replace(DATA["0"], DATA["0"][::-1]), "damaged"),
    "cut off": (torch_zip(GOOD, DATA)[:-30], "damaged"),
    "only a start": (b"PK\x03\x04", "damaged"),
    "nothing in it": (zip_of([]), "neither"),
    "no storage": (zip_of([PKL]), "a tensor that is not in it"),
    "a storage too small": (torch_zip(GOOD, {"0": DATA["0"][:-4]}), "another size than it claims"),
}


@pytest.mark.parametrize("case", list(ARCHIVES))
def test_an_archive_that_torch_does_not_write_is_refused(case: str) -> None:
    data, part = ARCHIVES[case]
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_an_ordinary_compressed_archive_is_read() -> None:
    # some people pack files again; real vectors hardly shrink
    data = zip_of([PKL, ONE, ("archive/version", b"3\n"), ("archive/byteorder", b"little")], zipfile.ZIP_DEFLATED)
    assert unpack(data).tensors["emb_params"].data == DATA["0"]


def at(**changed: Any) -> bytes:
    """A file whose tensor is described in another way, over a storage of 1,536 values."""
    arguments: dict[str, Any] = {"shape": [2, 768], "numel": 1536, **changed}
    return torch_zip(program(table({"a": tensor("F32", arguments.pop("shape"), **arguments)})), DATA)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (at(stride=[1, 2]), "not laid out row by row"),
        (at(stride=[0, 1]), "not laid out row by row"),
        (at(stride=[-768, 1]), "not laid out row by row"),
        (at(stride=[768]), "a shape that no token vectors have"),
        (at(offset=1), "beyond its values"),
        (at(offset=-1), "beyond its values"),
        (at(shape=[3, 768]), "beyond its values"),
        (at(shape=[-2, -768], stride=[-768, 1]), "not laid out row by row"),
        (at(shape=[2**40, 768], stride=[768, 1]), "not laid out row by row"),
        (at(shape=[1] * 9 + [768]), "a shape that no token vectors have"),
        (at(numel=2**50), "another size than it claims"),
        (at(numel=-1), "another size than it claims"),
        (at(key="../../etc/passwd"), "a tensor that is not in it"),
        (torch_zip(program(table({"a": tensor("I64", [192])})), DATA), "It holds I64"),
        (torch_zip(program(table({"a": tensor("DoubleStorage", [192])})), DATA), "'torch.DoubleStorage'"),
        (torch_zip(program(tensor("F32", [2, 768])), DATA), "a bare tensor"),
        (torch_zip(program(b"]"), DATA), "no table of tensors"),
        (torch_zip(program(b"}"), DATA), "no tensors"),
        (torch_zip(program(table({"a": table({"b": tensor("F32", [2, 768])})})), DATA), "no tensors"),
        (torch_zip(program(table({"string_to_param": b"}"})), DATA), "holds no vectors"),
        (torch_zip(program(table({"string_to_param": NONE})), DATA), "holds no vectors"),
        (torch_zip(program(table({"string_to_param": table({"*": NONE})})), DATA), "something else stands"),
        (torch_zip(program(table({"string_to_param": table({"a": NONE, "b": NONE})})), DATA), "2 embeddings in one"),
        (torch_zip(program(b"}M\x00\x03" + tuple_of(ORDERED_DICT) + b"s"), DATA), "a hypernetwork"),
        (torch_zip(program(table({"hash": text("x"), "optimizer_state_dict": b"}"})), DATA), "the optimiser's state"),
        (torch_zip(program(table({"state_dict": b"}"})), DATA), "a model, not an embedding"),
        (torch_zip(program(table({"state_dict": table({"lora_te.alpha": NONE})})), DATA), "a LoRA"),
        (torch_zip(program(table({"model.diffusion_model.out.0.bias": NONE})), DATA), "a whole model"),
        (torch_zip(program(table({"lora_unet.lora_up.weight": tensor("F32", [2, 768])})), DATA), "a LoRA"),
    ],
)
def test_tensors_that_are_no_plain_vectors_are_refused(data: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_a_view_into_a_larger_storage_is_cut_out() -> None:
    data = at(shape=[1, 768], offset=768)
    assert unpack(data).tensors["a"].data == rows(2)[1:].tobytes()


# Files from before the archives

OLD = torch_legacy(program(table({"a": tensor("F32", [2, 768], legacy=True)})), {"0": (1536, DATA["0"])})


def test_an_old_file_is_read() -> None:
    assert unpack(OLD).tensors["a"].data == DATA["0"]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (OLD[:-1], "another size than it claims"),
        (OLD + b"\0", "Something stands behind"),
        (OLD.replace(whole(1001), whole(1002), 1), "a torch that is not known"),
        (OLD.replace(text("little_endian") + TRUE, text("little_endian") + FALSE), "a torch that is not known"),
        (program(table({"a": NONE})), "torch did not write"),
        (program(b"}") * 9, "torch did not write"),
        (OLD.replace(b"](" + text("0"), b"](" + text("1")), "list of tensors is damaged"),
        (OLD.replace(b"](" + text("0"), b"](" + text("0") * 2), "list of tensors is damaged"),
        (OLD.replace(struct.pack("<q", 1536) + DATA["0"][:8], struct.pack("<q", 99) + DATA["0"][:8]), "another size"),
        (b"\x80", "cut off"),
    ],
)
def test_a_damaged_old_file_is_refused(data: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        unpack(data)


def test_a_record_says_nothing_of_other_files() -> None:
    record = read_pickle(program(tensor("F32", [2, 768]))).value
    assert record == TensorRecord(Storage("F32", "0", 1536), 0, (2, 768), (768, 1))
    assert unpack(a1111_pt(rows(2))).tensors["emb_params"].data == DATA["0"]
