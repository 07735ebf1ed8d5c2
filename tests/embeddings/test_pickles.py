"""A pickle is read as data or refused; nothing that it asks for is run, whichever way it asks."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from embeddings.errors import RefusedFile
from embeddings.pickles import MAX_OPCODES, read_pickle
from embeddings.sandbox import unpack_apart
from embeddings.standins import NAMES, Inert, Storage, Table, TensorRecord
from embeddings.unpack import unpack
from tests.embeddings.canaries import ELSEWHERE, LIVE
from tests.embeddings.files import rows
from tests.embeddings.foreign_files import (
    FALSE,
    NONE,
    ORDERED_DICT,
    TRUE,
    a1111_pt,
    name,
    parameter_dict,
    program,
    storage,
    table,
    tensor,
    text,
    torch_legacy,
    torch_zip,
    tuple_of,
    whole,
    zip_of,
)

DATA = {"0": rows(2).tobytes()}
GOOD = program(table({"emb_params": tensor("F32", [2, 768])}))


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        unpack(data)
    said = str(refused.value)
    assert said.endswith(".")
    assert said.isprintable()
    return said


def in_containers(body: bytes) -> list[bytes]:
    """As a bare pickle, as the tree of either torch file, and as what stands behind the tree of an old one."""
    behind = torch_legacy(GOOD, {"0": (1536, DATA["0"])})
    return [body, torch_zip(body, DATA), torch_legacy(body, {}), behind.replace(GOOD, GOOD + body)]


@pytest.mark.parametrize("canary", list(LIVE))
def test_a_pickle_that_runs_a_program_is_refused_and_runs_nothing(canary: str, tmp_path: Path) -> None:
    left = tmp_path / "left-behind"
    body = LIVE[canary](f"touch {left}", f"open({str(left)!r}, 'w').close()")
    pickle.loads(body)
    assert left.exists(), "this canary does not sing, so its silence would prove nothing"
    left.unlink()
    for data in in_containers(body):
        refusal(data)
        assert not left.exists()
    with pytest.raises(RefusedFile):
        unpack_apart(torch_zip(body, DATA))
    assert not left.exists()


@pytest.mark.parametrize("asked", list(ELSEWHERE))
def test_a_name_that_is_not_on_the_list_is_refused(asked: str) -> None:
    for data in in_containers(ELSEWHERE[asked]):
        assert "which no embedding needs; it was not loaded." in refusal(data)


def test_the_list_of_names_is_this() -> None:
    assert {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "torch.nn.modules.container.ParameterDict",
        "torch.FloatStorage",
        "torch.HalfStorage",
        "torch.BFloat16Storage",
        "torch.LongStorage",
        "__builtin__.set",
        "builtins.set",
    } == NAMES


def test_plain_data_comes_as_itself_and_names_as_stand_ins() -> None:
    tree = {
        "a": text("ä"),
        "b": whole(-3),
        "c": whole(2**60),
        "d": b"G" + struct.pack(">d", 0.5),
        "e": b"](K\x01M\x02\x00e",
        "f": tuple_of(TRUE, FALSE, NONE),
        "g": ORDERED_DICT,
        "h": name("builtins", "set") + b"]\x85R",
        "i": storage("F16", "7", 12),
    }
    read = read_pickle(b"??" + program(table(tree)) + b"rest", 2)
    assert read.value == {
        "a": "ä",
        "b": -3,
        "c": 2**60,
        "d": 0.5,
        "e": [1, 2],
        "f": (True, False, None),
        "g": Table(),
        "h": Inert(),
        "i": Storage("F16", "7", 12),
    }
    assert read.end == len(program(table(tree))) + 2
    assert read.storages == {"7": Storage("F16", "7", 12)}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_python_writes_of_plain_data_is_read(protocol: int) -> None:
    data: dict[str, Any] = {"a": [1, 300, 70_000, -1, 2**70], "b": ("x", ("y", None)), "c": {"d": True, "e": 0.1}}
    data["f"] = data["c"]
    assert read_pickle(pickle.dumps(data, protocol)).value == data


DICT = name("torch.nn.modules.container", "ParameterDict")
REBUILD = name("torch._utils", "_rebuild_tensor_v2")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"K\x01}b", "sets the state of an object"),
        (b"}" + table({"a": NONE}) + b"b", "sets the state of an object"),
        (parameter_dict({})[:-1] + b"b" + table({"_parameters": b"}"}) + b"b" + table({"x": NONE}) + b"b", "the state"),
        (DICT + table({"__setstate__": ORDERED_DICT}) + b"b", "sets the state of an object"),
        (DICT + b")\x81" + table({"__class__": NONE}) + b"b", "sets the state of an object"),
        (DICT + b"K\x01\x85\x81", "makes an object"),
        (ORDERED_DICT[:-1] + b"\x81", "makes an object"),
        (DICT + b")R", "in a way that torch never does"),
        (ORDERED_DICT[:-2] + b"]\x85R", "in a way that torch never does"),
        (text("os") + b")R", "in a way that torch never does"),
        (REBUILD + b")R", "in a way that torch never does"),
        (REBUILD + tuple_of(text("0"), whole(0), b")", b")") + b"R", "in a way that torch never does"),
        (REBUILD + tuple_of(storage("F32", "0", 1), whole(0), tuple_of(text("a")), b")") + b"R", "torch never does"),
        (text("storage") + b"Q", "no storage of a tensor"),
        (tuple_of(text("module"), name("torch", "FloatStorage"), text(""), text("")) + b"Q", "no storage"),
        (tuple_of(text("storage"), ORDERED_DICT, text("0"), text("cpu"), whole(1)) + b"Q", "no storage"),
        (tuple_of(text("storage"), DICT, text("0"), text("cpu"), whole(1)) + b"Q", "no storage"),
        (storage("F32", "0", 1) + storage("F16", "0", 1) + b"\x86", "the same values in two ways"),
        (b"]K\x01K\x02s", "something that is no table"),
        (ORDERED_DICT + b"K\x01a", "something that is no list"),
        (b"}" + tuple_of(b"K\x01") + b"Ns", "neither a text nor a number"),
        (b"}" + TRUE + b"Ns", "neither a text nor a number"),
        (b"}" + text("a") + NONE + b"s" + text("a") + NONE + b"s", "'a' stands twice"),
        (b"}(K\x01u", "no table"),
        (b"j\xff\xff\xff\x7f", "damaged"),
        (b"}r\xff\xff\xff\x7f", "thing number 2,147,483,647"),
        (b"}q\x00h\x01", "damaged"),
        (b"((\x85", "damaged"),
        (b"(q\x00", "damaged"),
        (b"(", "damaged"),
        (b"R", "damaged"),
        (b"t", "damaged"),
        (b"", "damaged"),
        (b"X\xff\xff\xff\xff", "a text of 4,294,967,295 bytes"),
        (b"X\x04\x00\x00\x00ab", "cut off"),
        (b"X\x02\x00\x00\x00\xff\xfe", "damaged"),
        (text("\ud800"), "damaged"),
        (b"cos", "cut off"),
        (b"\x8b\xff\xff\xff\x7f", "the opcode 0x8b"),
        (b"\x82\x01", "the opcode 0x82"),
        (b"\x83\x01\x00", "the opcode 0x83"),
        (b"\x84\x01\x00\x00\x00", "the opcode 0x84"),
        (b"\x97", "the opcode 0x97"),
        (b"Pos\n", "the opcode 0x50"),
        (b"\xff", "the opcode 0xff"),
        (b"N0" * MAX_OPCODES, "the opcode 0x30"),
        (b"N" * MAX_OPCODES, "more than 20,000 steps"),
        (b"\x80\x06N", "a protocol that is not known"),
    ],
)
def test_what_torch_never_writes_is_refused(body: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        read_pickle(b"\x80\x02" + body + b".")


def test_texts_that_refer_to_each_other_without_end_take_no_time() -> None:
    # each pair holds the one before it twice: 2 ** 4000 leaves for whoever walks through them
    laughs = text("ha") + b"".join(b"q\x01h\x01\x86" for _ in range(4000))
    tree = program(b"}(" + text("name") + laughs + text("emb_params") + tensor("F32", [2, 768]) + b"u")
    assert list(unpack(torch_zip(tree, DATA)).tensors) == ["emb_params"]
    assert "neither a text nor a number" in refusal(torch_zip(program(b"}" + laughs + b"Ns"), DATA))


def test_depth_without_end_is_refused_or_read_but_breaks_nothing() -> None:
    for opened, closed in [(b"]", b"a"), (b"}" + text("a"), b"s"), (b"", b"\x85")]:
        deep = opened * 6_000 + NONE + closed * 6_000
        data = program(b"}(" + text("name") + deep + text("emb_params") + tensor("F32", [2, 768]) + b"u")
        assert list(unpack(torch_zip(data, DATA)).tensors) == ["emb_params"]
    itself = program(b"}(" + text("name") + b"]q\x01h\x01a" + text("a") + tensor("F32", [2, 768]) + b"u")
    assert list(unpack(torch_zip(itself, DATA)).tensors) == ["a"]


# Archives

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
