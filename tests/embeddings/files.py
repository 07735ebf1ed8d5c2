"""Safetensors files packed by hand from the documented layout, so that tests of the writer don't rely on the writer.

Eight bytes of little-endian length, a JSON header of that length, then the tensors' bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


def pack(header: bytes | Mapping[str, Any], data: bytes = b"") -> bytes:
    """A file with this header, valid or not, followed by `data`."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor_file(
    tensors: Mapping[str, NDArray[Any]], *, dtype: str = "F32", metadata: Mapping[str, str] | None = None
) -> bytes:
    """A valid file with these tensors, stored as `dtype`."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    data = b""
    for name, values in tensors.items():
        stored = stored_bytes(values, dtype)
        offsets = [len(data), len(data) + len(stored)]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": offsets}
        data += stored
    return pack(header, data)


def stored_bytes(values: NDArray[Any], dtype: str) -> bytes:
    """The values as a file stores them; a bfloat16 is the upper half of a float32."""
    match dtype:
        case "F32":
            return values.astype("<f4").tobytes()
        case "F16":
            return values.astype("<f2").tobytes()
        case "BF16":
            return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        case "F64":
            return values.astype("<f8").tobytes()
    return values.astype({"I64": "<i8", "U8": "u1", "BOOL": "?"}[dtype]).tobytes()


def rows(vectors: int = 2, width: int = 768, *, seed: int = 0) -> Rows:
    """Vectors about as long as real ones, with values that every accepted dtype represents exactly."""
    numbers = np.random.default_rng(seed).integers(-15, 16, (vectors, width))
    numbers[:, 0] = 8  # so that no vector is zero by chance
    return (numbers / 256).astype(np.float32)


def pair(vectors: int = 2, *, seed: int = 0) -> dict[str, Rows]:
    """The two tensors of an SDXL file."""
    return {"clip_l": rows(vectors, 768, seed=seed), "clip_g": rows(vectors, 1280, seed=seed + 1)}
