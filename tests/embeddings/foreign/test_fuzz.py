"""Any file gives an embedding or a refusal, quickly and without side effects. The short form of fuzz.py."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.conversion import read_result
from embeddings.errors import RefusedFile
from embeddings.foreign.sandbox import unpack_in_sandbox
from tests.embeddings.files import rows
from tests.embeddings.foreign import fuzz
from tests.embeddings.foreign.builders import (
    NONE,
    ORDERED_DICT,
    a1111_png,
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
from tests.embeddings.foreign.canaries import ELSEWHERE
from tests.sentences.embeddings import NEEDS_TOO_MUCH

VALUES = rows(2, 96).tobytes()
NAMES = st.sampled_from(
    ["*", "emb_params", "clip_l", "clip_g", "t5", "string_to_param", "name", "state_dict", "lora_a"]
)
SIZES = st.sampled_from([-1, 0, 1, 2, 75, 76, 96, 192, 768, 2**31, 2**62])

LEAVES = st.one_of(
    st.sampled_from([NONE, b"\x88", b"]", b"}", b")", ORDERED_DICT, b"\x8f", parameter_dict({}), *ELSEWHERE.values()]),
    st.text(max_size=8).map(text),
    SIZES.map(whole),
    st.builds(
        lambda dtype, shape, key, offset, numel: tensor(dtype, shape, key=key, offset=offset, numel=numel),
        st.sampled_from(["F32", "F16", "BF16", "I64", "DoubleStorage"]),
        st.sampled_from([[], [96], [2, 96], [1, 96], [4, 96], [1, 2, 96], [76, 1], [-2, -96]]),
        st.sampled_from(["0", "1", "2", "a"]),
        st.sampled_from([0, 0, 0, 96, -1]),
        st.sampled_from([192, 192, 192, 96, 384]),
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner, max_size=3).map(table),
        st.dictionaries(NAMES, inner, max_size=2).map(parameter_dict),
        st.lists(inner, max_size=3).map(lambda items: tuple_of(*items)),
        st.lists(inner, max_size=3).map(lambda items: b"](" + b"".join(items) + b"e"),
    ),
    max_leaves=6,
)
#: every opcode there is, and some with plausible arguments
OPCODES = st.one_of(
    st.integers(0, 255).map(lambda code: bytes([code])),
    st.sampled_from([b"R", b"b", b"Q", b"\x81", b"(", b"t", b"\x85", b"\x86", b"s", b"u", b"a", b"e", b"q\0", b"h\0"]),
    st.sampled_from([storage("F32", "0", 192), name("collections", "OrderedDict"), name("os", "system"), text("a")]),
    st.binary(max_size=6).map(lambda data: b"X" + struct.pack("<I", len(data)) + data),
    st.sampled_from(
        [b"r\xff\xff\xff\x7f", b"j\xff\xff\xff\xff", b"X\xff\xff\xff\xff", b"\x8b\xff\xff\xff\x7f", b"\x82\1"]
    ),
)


def in_archive(body: bytes) -> bytes:
    return torch_zip(program(body), {"0": VALUES, "1": VALUES})


@pytest.fixture(autouse=True, scope="module")
def _preload() -> None:
    # otherwise what is imported on first use would count as something that the file did
    for seed in fuzz.seeds():
        fuzz.check(fuzz.cases(seed))


@given(TREES)
@settings(max_examples=200)
def test_any_tree_in_a_torch_file_is_read_or_refused(tree: bytes) -> None:
    fuzz.check(in_archive(tree))
    fuzz.check(torch_legacy(program(tree), {"0": (192, VALUES), "1": (192, VALUES)}))


@given(st.lists(OPCODES, max_size=40).map(b"".join))
@settings(max_examples=250)
def test_any_sequence_of_opcodes_is_read_or_refused(body: bytes) -> None:
    fuzz.check(in_archive(body))
    fuzz.check(b"\x80\x02" + body)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    fuzz.check(data)
    for start in (b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\x80\x02"):
        fuzz.check(start + data)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a/data.pkl", "a/data/0", "b/data/0", "a/version", "x"]), st.binary(max_size=40))
    )
)
def test_any_archive_is_read_or_refused(members: list[tuple[str, bytes]]) -> None:
    fuzz.check(zip_of([("a/data.pkl", program(table({"a": tensor("F32", [2, 96])}))), *members]))


@given(st.sampled_from(fuzz.seeds()), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_a_mutated_file_is_read_or_refused(seed: bytes, chance: Any) -> None:
    fuzz.check(fuzz.cases(fuzz.mutate(seed, fuzz.seeds(), chance)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([[0.5] * 96]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("TORCHTENSOR"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_data_in_a_picture_is_read_or_refused(tree: Any) -> None:
    fuzz.check(a1111_png(tree))
    fuzz.check(a1111_png({"string_to_param": {"*": {"TORCHTENSOR": tree}}}))


@given(st.binary(max_size=200))
@settings(max_examples=10, deadline=None)
def test_the_sandbox_always_answers(data: bytes) -> None:
    for content in (in_archive(data), a1111_png(data)):
        reason = ""
        try:
            unpack_in_sandbox(content)
        except RefusedFile as refused:
            reason = str(refused)
        assert reason != NEEDS_TOO_MUCH


LARGE = b"[" + b"[]," * 700_000 + b"[]]"


@pytest.mark.parametrize(
    "data",
    [
        zip_of([(f"a/data/{number}", b"") for number in range(20_000)]),
        a1111_png(LARGE),
        a1111_png(b"[" * 2_000_000),
        a1111_png(b"{" + b",".join(b'"%d":{}' % number for number in range(150_000)) + b"}"),
        a1111_png(json.dumps({"a": {"TORCHTENSOR": [0.5] * 400_000}}).encode()),
        b"\x80\x02" + b"X\x50\xc3\0\0" + b"a" * 8_000_000,
        torch_zip(program(b"(" * 15_000 + b"t" * 4_000)),
        torch_zip(program(b"}(" + b"".join(text(str(number)) + b"N" for number in range(9_000)) + b"u")),
        base64.b64encode(bytes(6_000_000)),
    ],
    ids=["members", "lists", "depth", "tables", "numbers", "texts", "marks", "names", "text file"],
)
def test_the_largest_file_of_each_kind_is_answered_in_time(data: bytes) -> None:
    # The sandbox limits its own CPU time to two seconds; wall-clock time depends on how busy this machine is.
    with pytest.raises(RefusedFile) as refused:
        read_result(unpack_in_sandbox(data, seconds=30))
    assert str(refused.value) != NEEDS_TOO_MUCH
