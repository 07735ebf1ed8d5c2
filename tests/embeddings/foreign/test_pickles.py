"""A pickle is read as data or refused; nothing in it is executed, however it asks for it."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from embeddings.errors import RefusedFile
from embeddings.foreign.pickles import MAX_OPCODES, read_pickle
from embeddings.foreign.sandbox import unpack_in_sandbox
from embeddings.foreign.standins import NAMES, Inert, Storage, Table
from embeddings.foreign.unpacker import unpack
from tests.embeddings.foreign.builders import (
    FALSE,
    NONE,
    ORDERED_DICT,
    TRUE,
    name,
    parameter_dict,
    program,
    storage,
    table,
    tensor,
    text,
    torch_zip,
    tuple_of,
    whole,
)
from tests.embeddings.foreign.canaries import ELSEWHERE, LIVE
from tests.embeddings.foreign.refusals import DATA, in_containers, refusal


@pytest.mark.parametrize("canary", list(LIVE))
def test_a_pickle_that_executes_code_is_refused_without_running_it(canary: str, tmp_path: Path) -> None:
    created = tmp_path / "created"
    body = LIVE[canary](f"touch {created}", f"open({str(created)!r}, 'w').close()")
    pickle.loads(body)
    assert created.exists(), "this pickle does no harm, so refusing it would prove nothing"
    created.unlink()
    for data in in_containers(body):
        refusal(data)
        assert not created.exists()
    with pytest.raises(RefusedFile):
        unpack_in_sandbox(torch_zip(body, DATA))
    assert not created.exists()


@pytest.mark.parametrize("asked", list(ELSEWHERE))
def test_a_name_that_isnt_on_the_allow_list_is_refused(asked: str) -> None:
    for data in in_containers(ELSEWHERE[asked]):
        assert "which no embedding needs; it may be malicious and wasn't loaded." in refusal(data)


def test_the_allow_list_has_exactly_these_names() -> None:
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


def test_plain_data_is_read_and_names_become_stand_ins() -> None:
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
def test_plain_data_pickled_by_python_is_read(protocol: int) -> None:
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
        (DICT + b"K\x01\x85\x81", "creates an object"),
        (ORDERED_DICT[:-1] + b"\x81", "creates an object"),
        (DICT + b")R", "in a way that torch never does"),
        (ORDERED_DICT[:-2] + b"]\x85R", "in a way that torch never does"),
        (text("os") + b")R", "in a way that torch never does"),
        (REBUILD + b")R", "in a way that torch never does"),
        (REBUILD + tuple_of(text("0"), whole(0), b")", b")") + b"R", "in a way that torch never does"),
        (REBUILD + tuple_of(storage("F32", "0", 1), whole(0), tuple_of(text("a")), b")") + b"R", "torch never does"),
        (text("storage") + b"Q", "isn't a tensor's storage"),
        (
            tuple_of(text("module"), name("torch", "FloatStorage"), text(""), text("")) + b"Q",
            "isn't a tensor's storage",
        ),
        (tuple_of(text("storage"), ORDERED_DICT, text("0"), text("cpu"), whole(1)) + b"Q", "isn't a tensor's storage"),
        (tuple_of(text("storage"), DICT, text("0"), text("cpu"), whole(1)) + b"Q", "isn't a tensor's storage"),
        (storage("F32", "0", 1) + storage("F16", "0", 1) + b"\x86", "the same data in two ways"),
        (b"]K\x01K\x02s", "something that isn't a dict"),
        (ORDERED_DICT + b"K\x01a", "something that isn't a list"),
        (b"}" + tuple_of(b"K\x01") + b"Ns", "neither text nor a number"),
        (b"}" + TRUE + b"Ns", "neither text nor a number"),
        (b"}" + text("a") + NONE + b"s" + text("a") + NONE + b"s", "the name 'a' twice"),
        (b"}(K\x01u", "something that isn't a dict"),
        (b"j\xff\xff\xff\x7f", "damaged"),
        (b"}r\xff\xff\xff\x7f", "memo slot 2,147,483,647"),
        (b"}q\x00h\x01", "damaged"),
        (b"((\x85", "damaged"),
        (b"(q\x00", "damaged"),
        (b"(", "damaged"),
        (b"R", "damaged"),
        (b"t", "damaged"),
        (b"", "damaged"),
        (b"X\xff\xff\xff\xff", "a string of 4,294,967,295 bytes"),
        (b"X\x04\x00\x00\x00ab", "cut off"),
        (b"X\x02\x00\x00\x00\xff\xfe", "damaged"),
        (text("\ud800"), "damaged"),
        (b"cos", "cut off"),
        (b"\x8b\xff\xff\xff\x7f", "opcode 0x8b"),
        (b"\x82\x01", "opcode 0x82"),
        (b"\x83\x01\x00", "opcode 0x83"),
        (b"\x84\x01\x00\x00\x00", "opcode 0x84"),
        (b"\x97", "opcode 0x97"),
        (b"Pos\n", "opcode 0x50"),
        (b"\xff", "opcode 0xff"),
        (b"N0" * MAX_OPCODES, "opcode 0x30"),
        (b"N" * MAX_OPCODES, "more than 20,000 steps"),
        (b"\x80\x06N", "an unknown pickle protocol"),
    ],
)
def test_anything_torch_never_writes_is_refused(body: bytes, part: str) -> None:
    with pytest.raises(RefusedFile, match=part):
        read_pickle(b"\x80\x02" + body + b".")


def test_exponentially_nested_tuples_take_no_time() -> None:
    # each tuple contains the previous one twice: walking through them would mean visiting 2 ** 4000 leaves
    laughs = text("ha") + b"".join(b"q\x01h\x01\x86" for _ in range(4000))
    tree = program(b"}(" + text("name") + laughs + text("emb_params") + tensor("F32", [2, 768]) + b"u")
    assert list(unpack(torch_zip(tree, DATA)).tensors) == ["emb_params"]
    assert "neither text nor a number" in refusal(torch_zip(program(b"}" + laughs + b"Ns"), DATA))


def test_extreme_nesting_is_handled() -> None:
    for opening, closing in [(b"]", b"a"), (b"}" + text("a"), b"s"), (b"", b"\x85")]:
        deep = opening * 6_000 + NONE + closing * 6_000
        data = program(b"}(" + text("name") + deep + text("emb_params") + tensor("F32", [2, 768]) + b"u")
        assert list(unpack(torch_zip(data, DATA)).tensors) == ["emb_params"]
    itself = program(b"}(" + text("name") + b"]q\x01h\x01a" + text("a") + tensor("F32", [2, 768]) + b"u")
    assert list(unpack(torch_zip(itself, DATA)).tensors) == ["a"]
