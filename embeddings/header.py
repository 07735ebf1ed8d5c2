"""Read the header of a safetensors file: names, shapes and metadata, without the tensors.

The safetensors library checks all this again when it reads the tensors; it is done here too so that a library of
thousands of files can be listed from headers alone, and so that every refusal has a sentence of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from embeddings.display import printable
from embeddings.errors import RefusedFile

#: An embedding's header has at most a few kilobytes, a model's has megabytes.
MAX_HEADER_BYTES = 100 * 1024
MAX_TENSORS = 8
_LENGTH_BYTES = 8
_TENSOR_NAME = re.compile(rb'"([^"\\]{1,300})"\s*:\s*\{\s*"dtype"')


@dataclass(frozen=True, slots=True)
class TensorShape:
    """dtype in safetensors' words (F32), and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says of itself before its tensors begin."""

    tensors: Mapping[str, TensorShape]
    metadata: dict[str, str]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.tensors)


def read_header(data: bytes) -> Header:
    """Read the header at the start of `data`, which may end anywhere after it.

    Raises: RefusedFile, if there is none or it is not to be believed.
    """
    if not data:
        raise RefusedFile("The file is empty.")
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES or data[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise RefusedFile("It is not a safetensors file.")
    if length > MAX_HEADER_BYTES:
        raise RefusedFile(f"Its header claims {length:,} bytes; an embedding's has at most {MAX_HEADER_BYTES:,}.")
    if len(data) < _LENGTH_BYTES + length:
        raise RefusedFile("The file is cut off in the middle of its header.")
    try:
        # decoded here: for bytes, json guesses the encoding
        text = data[_LENGTH_BYTES : _LENGTH_BYTES + length].decode("utf-8")
        table = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise RefusedFile(f"Its header cannot be read: {error}.") from error
    return _parse(table)


def guess_tensor_names(start: bytes) -> list[str]:
    """Names that stand in the start of a file too large to be read: enough to say what is refused, not to believe it."""
    return [name.decode("utf-8", "replace") for name in _TENSOR_NAME.findall(start)]


def _parse(table: object) -> Header:
    if not isinstance(table, dict):
        raise RefusedFile("Its header is not a table of tensors.")
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise RefusedFile("Its metadata is not a table of texts.")
    tensors = {name: _shape(name, entry) for name, entry in table.items()}
    if not tensors:
        raise RefusedFile("It holds no tensors.")
    return Header(tensors, metadata)


def _shape(name: str, entry: object) -> TensorShape:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape)} if all(isinstance(n, int) and n >= 0 for n in shape):
            return TensorShape(dtype, tuple(shape))
    raise RefusedFile(f"Its header describes '{printable(name)}' wrongly.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name stands twice")
    return table
