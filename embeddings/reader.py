"""Read an embedding from safetensors bytes, or refuse with one clear sentence.

Accepted are `emb_params` (OneTrainer: `emp_params`); one key, the placeholder token; and a pair for SDXL, `clip_l` +
`clip_g` or `text_encoders_0` + `text_encoders_1`. Which one it is is told by keys and shapes, never by the file's name.
Knows bytes and arrays; knows no torch, no tokenizer and no prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from embeddings.architecture import architecture_of_widths
from embeddings.display import printable
from embeddings.embedding import MAX_VECTORS, PAIR_LAYOUT, SINGLE_LAYOUT, Embedding
from embeddings.errors import RefusedFile, UnknownArchitecture
from embeddings.header import read_header
from embeddings.shapes import PEEK_BYTES, refuse_foreign_keys, too_large

SUFFIX = ".safetensors"
#: 75 vectors of every encoder known in the wild (768 + 1280 + 4096 wide) in float32 are 1.8 MB.
MAX_FILE_BYTES = 2 * 1024 * 1024
#: Rows of real vocabularies have norms between 0.3 and 3; a thousand times that is no token vector.
MAX_ROW_NORM = 1e3

#: keys of the two tensors of an SDXL embedding, that of the narrower encoder first → layout
PAIRS: Mapping[tuple[str, str], str] = {
    ("clip_l", "clip_g"): PAIR_LAYOUT,
    ("text_encoders_0", "text_encoders_1"): "SDXL, diffusers (text_encoders_0 + text_encoders_1)",
}
_SINGLES = {"emb_params": SINGLE_LAYOUT, "emp_params": "OneTrainer (emp_params)"}
#: widths that are known, but belong to more than one encoder or to no model here
_PARTS = {
    1280: "this is one half of an SDXL embedding, and its clip_l is missing",
    4096: "this is an embedding for T5 (SD3 or Flux), which no model here has",
}
_ENCODERS = ("clip_l", "clip_g")
_ENCODED_PROMPT = 77  # places
_DTYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "BF16": np.dtype("<u2")}


@dataclass(frozen=True, slots=True)
class EmbeddingFile:
    """An embedding together with what is known of the file it came from."""

    embedding: Embedding
    #: SHA-256 of the whole file, which is what sites and A1111 publish (its first 10 or 12 digits)
    file_hash: str
    size_bytes: int


def read_file(path: Path) -> EmbeddingFile:
    """Read an embedding from a `.safetensors` file.

    Raises: RefusedFile, for anything that is not a usable embedding; OSError, if the file cannot be opened.
    """
    data = read_limited(path, MAX_FILE_BYTES)
    if path.suffix.lower() != SUFFIX:
        ending = f"'{printable(path.suffix)}'" if path.suffix else "file without ending"
        raise RefusedFile(f"Only .safetensors files are read, and this is a {ending}.")
    return EmbeddingFile(read_bytes(data), hashlib.sha256(data).hexdigest(), len(data))


def read_limited(path: Path, most: int) -> bytes:
    """All bytes of a file of at most `most`. Raises: RefusedFile, if it has more or is no file; OSError."""
    size = path.stat().st_size
    if not path.is_file():
        raise RefusedFile("It is a folder or a device, not a file.")
    with path.open("rb") as file:
        if size > most:
            raise RefusedFile(too_large(file.read(PEEK_BYTES), size, most))
        data = file.read(most + 1)
    if len(data) > most:  # it grew
        raise RefusedFile(f"The file has more than {most:,} bytes, and an embedding has fewer.")
    return data


def read_bytes(data: bytes) -> Embedding:
    """Read an embedding from the bytes of a safetensors file.

    Raises: RefusedFile.
    """
    header = read_header(data)
    refuse_foreign_keys(header.keys)
    tensors = read_tensors(data)
    dtype = next(iter(header.tensors.values())).dtype
    for keys in PAIRS:
        if set(tensors) == set(keys):
            return _pair(tensors, keys, dtype, header.metadata)
    if len(tensors) == 1:
        return _single(tensors, dtype, header.metadata)
    raise RefusedFile(f"These tensors are no embedding that is known here: {_named(tensors)}.")


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Every tensor of a safetensors file, whatever it is. Raises: RefusedFile, for damage or other numbers than floats."""
    try:
        return {name: _to_array(name, view) for name, view in deserialize(data)}
    except SafetensorError as error:
        reason = " ".join(printable(word) for word in str(error).split(" "))
        raise RefusedFile(f"The safetensors file is damaged: {reason}.") from error


def _single(tensors: dict[str, NDArray[np.float32]], dtype: str, metadata: dict[str, str]) -> Embedding:
    (key, rows), *_ = tensors.items()
    rows = checked(key, rows)
    width = rows.shape[1]
    architecture = architecture_of_widths(width)
    if architecture is None:
        known = _PARTS.get(width, "no model that is known here has such a text encoder")
        raise UnknownArchitecture(f"Its vectors are {width} wide; {known}.")
    layout = _SINGLES.get(key) or f"diffusers (token '{printable(key)}')"
    (encoder,) = architecture.facts.encoders
    return Embedding(architecture, {encoder: rows}, layout, dtype, metadata)


def _pair(
    tensors: dict[str, NDArray[np.float32]], keys: tuple[str, str], dtype: str, metadata: dict[str, str]
) -> Embedding:
    vectors = {encoder: checked(key, tensors[key]) for encoder, key in zip(_ENCODERS, keys, strict=True)}
    architecture = architecture_of_widths({key: rows.shape[1] for key, rows in vectors.items()})
    if architecture is None:
        widths = " and ".join(str(rows.shape[1]) for rows in vectors.values())
        raise UnknownArchitecture(f"{keys[0]} and {keys[1]} are {widths} wide; SDXL has 768 and 1280.")
    if len({rows.shape[0] for rows in vectors.values()}) > 1:
        counts = " and ".join(str(rows.shape[0]) for rows in vectors.values())
        raise RefusedFile(f"{keys[0]} and {keys[1]} hold {counts} vectors; they must hold the same number.")
    return Embedding(architecture, vectors, PAIRS[keys], dtype, metadata)


def _to_array(name: str, view: dict) -> NDArray[np.float32]:
    dtype = _DTYPES.get(view["dtype"])
    if dtype is None:
        raise RefusedFile(f"'{printable(name)}' holds {view['dtype']}; token vectors are F16, BF16 or F32.")
    raw = np.frombuffer(view["data"], dtype=dtype)
    if view["dtype"] == "BF16":  # numpy has no bfloat16: it is the upper half of a float32
        raw = (raw.astype("<u4") << 16).view("<f4")
    return np.ascontiguousarray(raw.reshape(view["shape"]), dtype=np.float32)


def checked(key: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tensor as (n, width), if a prompt could use its rows. Raises: RefusedFile."""
    if rows.ndim == 1:
        rows = rows[None, :]
    if rows.ndim == 3 and rows.shape[1] == _ENCODED_PROMPT:
        raise RefusedFile("It holds a whole prompt as the text encoder gave it out, not token vectors.")
    if rows.ndim != 2:
        raise RefusedFile(f"'{printable(key)}' has {rows.ndim} dimensions; token vectors have two.")
    if not 1 <= rows.shape[0] <= MAX_VECTORS:
        raise RefusedFile(f"It holds {rows.shape[0]} vectors; a prompt has room for 1 to {MAX_VECTORS}.")
    if not np.isfinite(rows).all():
        raise RefusedFile("It holds values that are not numbers (NaN or infinity).")
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    if not norms.any():
        raise RefusedFile("All its vectors are zero: it would do nothing.")
    if norms.max() > MAX_ROW_NORM:
        raise RefusedFile(f"A vector has the length {norms.max():.3g}; token vectors have a length of about 1.")
    return rows


def _named(tensors: dict[str, NDArray[np.float32]]) -> str:
    names = [f"'{printable(name)}'" for name in sorted(tensors)[:3]]
    return ", ".join(names) + (" …" if len(tensors) > 3 else "")
