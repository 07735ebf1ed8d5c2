"""Read the header of a safetensors file (names, shapes and metadata) without the tensors.

The safetensors library checks all of this again when it reads the tensors. It is checked here first so that every refusal
has a sentence of its own, and so that a LoRA or a model is recognised by its keys before any tensor is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from embeddings.display import printable
from embeddings.errors import RefusedFile

#: An embedding's header has at most a few kilobytes; a model's has megabytes.
MAX_HEADER_BYTES = 100 * 1024
MAX_TENSORS = 8
_LENGTH_BYTES = 8
_TENSOR_NAME = re.compile(rb'"([^"\\]{1,300})"\s*:\s*\{\s*"dtype"')


@dataclass(frozen=True, slots=True)
class TensorShape:
    """dtype (safetensors' name for it, such as F32) and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file declares before its tensors."""

    tensors: Mapping[str, TensorShape]
    metadata: dict[str, str]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.tensors)


def read_header(data: bytes) -> Header:
    """Read the header at the start of `data`, which may be cut off anywhere after it.

    Raises: RefusedFile, if there is no header or it isn't plausible.
    """
    if not data:
        raise RefusedFile("This file is empty; please download it again.")
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES or data[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise RefusedFile("This isn't a safetensors file; convert it with python -m embeddings convert.")
    if length > MAX_HEADER_BYTES:
        raise RefusedFile(
            f"This file's header claims to have {length:,} bytes; an embedding's has at most {MAX_HEADER_BYTES:,}."
        )
    if len(data) < _LENGTH_BYTES + length:
        raise RefusedFile("This file is cut off in the middle of its header; please download it again.")
    try:
        # decoded here, because json would guess the encoding of bytes
        text = data[_LENGTH_BYTES : _LENGTH_BYTES + length].decode("utf-8")
        table = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise RefusedFile(f"This file's header is damaged ({error}); please download it again.") from error
    return _parse(table)


def guess_tensor_names(start: bytes) -> list[str]:
    """Tensor names found at the start of a file that is too large to read: good enough to say what kind of file it is."""
    return [name.decode("utf-8", "replace") for name in _TENSOR_NAME.findall(start)]


def _parse(table: object) -> Header:
    if not isinstance(table, dict):
        raise RefusedFile("This file's header isn't a JSON object; please download it again.")
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise RefusedFile("This file's metadata is invalid: every value must be text.")
    tensors = {name: _shape(name, entry) for name, entry in table.items()}
    if not tensors:
        raise RefusedFile("This file contains no tensors, so there's no embedding in it.")
    return Header(tensors, metadata)


def _shape(name: str, entry: object) -> TensorShape:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape)} if all(isinstance(n, int) and n >= 0 for n in shape):
            return TensorShape(dtype, tuple(shape))
    raise RefusedFile(f"This file's header describes '{printable(name)}' incorrectly; please download it again.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("duplicate name")
    return table
