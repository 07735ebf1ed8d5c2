"""torch.save and A1111 files, built by hand from their documented layouts, without torch, pickle or our own writer.

Opcodes are from CPython's Lib/pickletools.py, archive members from torch/serialization.py.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.embeddings.files import stored_bytes

_CLASSES = {"F32": "FloatStorage", "F16": "HalfStorage", "BF16": "BFloat16Storage", "I64": "LongStorage"}
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def whole(value: int) -> bytes:
    """BININT or, for larger numbers, LONG1."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def tuple_of(*items: bytes) -> bytes:
    """MARK … TUPLE."""
    return b"(" + b"".join(items) + b"t"


def table(entries: Mapping[str, bytes]) -> bytes:
    """EMPTY_DICT MARK … SETITEMS."""
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def program(body: bytes, protocol: int = 2) -> bytes:
    """PROTO … STOP."""
    return b"\x80" + bytes([protocol]) + body + b"."


ORDERED_DICT = name("collections", "OrderedDict") + b")R"
FALSE, TRUE, NONE = b"\x89", b"\x88", b"N"


def storage(dtype: str, key: str, numel: int, *more: bytes) -> bytes:
    """The persistent id of a storage; legacy files have NONE as `more`."""
    kind = name("torch", _CLASSES.get(dtype, dtype))
    return tuple_of(text("storage"), kind, text(key), text("cuda:0"), whole(numel), *more) + b"Q"


def tensor(
    dtype: str,
    shape: Sequence[int],
    *,
    key: str = "0",
    offset: int = 0,
    stride: Sequence[int] | None = None,
    numel: int | None = None,
    legacy: bool = False,
) -> bytes:
    """A call of torch._utils._rebuild_tensor_v2."""
    steps = [int(np.prod(shape[place + 1 :], dtype=int)) for place in range(len(shape))] if stride is None else stride
    count = int(np.prod(shape, dtype=int)) if numel is None else numel
    return (
        name("torch._utils", "_rebuild_tensor_v2")
        + tuple_of(
            storage(dtype, key, count, *([NONE] if legacy else [])),
            whole(offset),
            tuple_of(*map(whole, shape)),
            tuple_of(*map(whole, steps)),
            FALSE,
            ORDERED_DICT,
        )
        + b"R"
    )


def parameter_dict(entries: Mapping[str, bytes]) -> bytes:
    """An nn.ParameterDict of nn.Parameters, with the sets and dicts of hooks that torch 2 adds."""
    parameters = {
        key: name("torch._utils", "_rebuild_parameter") + tuple_of(value, TRUE, ORDERED_DICT) + b"R"
        for key, value in entries.items()
    }
    state = {
        "training": TRUE,
        "_parameters": table(parameters),
        "_buffers": b"}",
        "_non_persistent_buffers_set": name("__builtin__", "set") + b"]\x85R",
        "_backward_hooks": ORDERED_DICT,
        "_keys": table(dict.fromkeys(entries, NONE)),
    }
    return name("torch.nn.modules.container", "ParameterDict") + b")\x81" + table(state) + b"b"


def zip_of(members: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of these members, in this order; names may repeat."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", method) as archive:
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member), data, method)
    return buffer.getvalue()


def torch_zip(pickle: bytes, storages: Mapping[str, bytes] | None = None, folder: str = "archive") -> bytes:
    """What torch.save has written since 1.6."""
    data = [(f"{folder}/data/{key}", values) for key, values in (storages or {}).items()]
    return zip_of([(f"{folder}/data.pkl", pickle), *data, (f"{folder}/version", b"3\n")])


def torch_legacy(pickle: bytes, storages: Mapping[str, tuple[int, bytes]]) -> bytes:
    """What torch.save wrote before 1.6; storages are key → (number of values, bytes)."""
    system = table({"protocol_version": whole(1001), "little_endian": TRUE, "type_sizes": table({"int": whole(4)})})
    keys = b"](" + b"".join(text(key) for key in storages) + b"e"
    head = [program(whole(LEGACY_MAGIC)), program(whole(1001)), program(system), pickle, program(keys)]
    return b"".join(head) + b"".join(struct.pack("<q", count) + data for count, data in storages.values())


def a1111_pt(values: np.ndarray, dtype: str = "F32", **more: bytes) -> bytes:
    """A textual inversion as A1111's training tab saves it, with `more` entries."""
    entries = {
        "string_to_token": table({"*": whole(265)}),
        "string_to_param": table({"*": tensor(dtype, values.shape)}),
        "name": text("bad-things"),
        "step": whole(4999),
        "sd_checkpoint": text("81761151"),
        "sd_checkpoint_name": text("v1-5-pruned-emaonly"),
        **more,
    }
    return torch_zip(program(table(entries)), {"0": stored_bytes(values, dtype)})


def table_pt(tensors: Mapping[str, np.ndarray], dtype: str = "F32", *, legacy: bool = False) -> bytes:
    """A plain dict of tensors: kohya's .pt, diffusers' learned_embeds.bin."""
    entries, storages, old = {}, {}, {}
    for number, (key, values) in enumerate(tensors.items()):
        entries[key] = tensor(dtype, values.shape, key=str(number), legacy=legacy)
        storages[str(number)] = stored_bytes(values, dtype)
        old[str(number)] = (values.size, storages[str(number)])
    if legacy:
        return torch_legacy(program(table(entries)), old)
    return torch_zip(program(table(entries)), storages, folder="learned_embeds")


def png(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A PNG of a single grey pixel, with these chunks after its header."""
    header = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    rest = [(b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in [header, *chunks, *rest]
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def a1111_tree(values: np.ndarray) -> dict[str, Any]:
    """What A1111 stores in a picture, before base64 encoding."""
    return {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": {"TORCHTENSOR": values.tolist()}},
        "name": "bad-things",
        "step": 4999,
        "sd_checkpoint": "81761151",
        "sd_checkpoint_name": "v1-5-pruned-emaonly",
    }


def a1111_png(tree: Any, kind: bytes = b"tEXt") -> bytes:
    """A picture with an embedding in a text chunk."""
    content = base64.b64encode(tree if isinstance(tree, bytes) else json.dumps(tree).encode())
    between = {b"tEXt": b"\0", b"iTXt": b"\0\0\0\0\0"}[kind]
    return png([(b"tEXt", b"Software\0A1111"), (kind, b"sd-ti-embedding" + between + content)])
