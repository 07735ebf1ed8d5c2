"""Tensors as plain bytes, and the safetensors file that they make up.

Imports the standard library alone, since the sandboxed process uses it too (see foreign/sandbox.py).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from embeddings.errors import RefusedFile

#: dtypes of token vectors, as safetensors calls them → bytes per value
ITEM_BYTES: Mapping[str, int] = {"F32": 4, "F16": 2, "BF16": 2}
_ALIGNMENT = 8  # bytes; safetensors writers align the first tensor to this


@dataclass(frozen=True, slots=True)
class RawTensor:
    """Values in row-major order, little-endian; `dtype` is safetensors' name for it."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.data) != math.prod(self.shape) * ITEM_BYTES[self.dtype]:
            raise RefusedFile("A tensor in this file has a different size than declared, so the file is damaged.")


def pack(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file of the tensors, with their values unchanged byte for byte."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + b"".join(tensor.data for tensor in tensors.values())
