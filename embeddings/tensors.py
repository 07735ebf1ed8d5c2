"""Tensors as plain bytes: what is taken out of a foreign file, before anybody computes with it.

Knows only the standard library, since it is imported where nothing else may be (see sandbox.py).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from embeddings.errors import RefusedFile

#: safetensors' words for the dtypes of token vectors → bytes of one value
ITEM_BYTES: Mapping[str, int] = {"F32": 4, "F16": 2, "BF16": 2}
_ALIGNMENT = 8  # writers of safetensors let the tensors begin at a multiple of it


@dataclass(frozen=True, slots=True)
class RawTensor:
    """Values in row-major order and little-endian, as the file had them; `dtype` in safetensors' words."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.data) != math.prod(self.shape) * ITEM_BYTES[self.dtype]:
            raise RefusedFile("A tensor in it has another size than it claims.")


def pack(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> bytes:
    """Lay the tensors out as a safetensors file, byte for byte the values they had."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + b"".join(tensor.data for tensor in tensors.values())
