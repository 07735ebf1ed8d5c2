"""Read an embedding from safetensors bytes, or refuse the file in one clear sentence.

Accepted are `emb_params` (OneTrainer: `emp_params`), a single tensor named after its placeholder token, for SDXL a pair,
`clip_l` + `clip_g` or `text_encoders_0` + `text_encoders_1`, and conditionings. Keys and shapes decide, never the
file's name. Knows bytes and arrays; knows nothing of torch, tokenizers or prompts.
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
from embeddings.conditionings import read_conditioning
from embeddings.display import printable
from embeddings.embedding import MAX_VECTORS, PAIR_LAYOUT, SINGLE_LAYOUT, Embedding
from embeddings.errors import RefusedFile, UnknownArchitecture
from embeddings.header import read_header
from embeddings.shapes import PEEK_BYTES, refuse_other_kinds, too_large

SUFFIX = ".safetensors"
#: 75 float32 vectors for each of the encoders that embeddings exist for (768, 1280 and 4096 wide) take 1.8 MB.
MAX_FILE_BYTES = 2 * 1024 * 1024
#: Rows of real vocabularies have norms between 0.3 and 3; a thousand times that isn't a token vector.
MAX_ROW_NORM = 1e3

#: keys of an SDXL embedding's two tensors, the narrower encoder's first → layout
PAIRS: Mapping[tuple[str, str], str] = {
    ("clip_l", "clip_g"): PAIR_LAYOUT,
    ("text_encoders_0", "text_encoders_1"): "SDXL, diffusers (text_encoders_0 + text_encoders_1)",
}
_SINGLES = {"emb_params": SINGLE_LAYOUT, "emp_params": "OneTrainer (emp_params)"}
#: widths that exist, but not as the only encoder of a supported architecture → what such a file is
_OTHER_WIDTHS = {
    1280: "this is only half of an SDXL embedding, without its clip_l tensor",
    4096: "this embedding is for T5 (SD3 or Flux), which no supported model has",
}
_ENCODERS = ("clip_l", "clip_g")
_DTYPES = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "BF16": np.dtype("<u2")}


@dataclass(frozen=True, slots=True)
class EmbeddingFile:
    """An embedding, with facts about the file that holds it."""

    embedding: Embedding
    #: SHA-256 of the whole file; sites and A1111 publish its first 10 or 12 digits
    file_hash: str
    size_bytes: int


def read_file(path: Path) -> EmbeddingFile:
    """Read an embedding from a `.safetensors` file.

    Raises: RefusedFile, for anything but a usable embedding; OSError, if the file can't be opened.
    """
    data = read_limited(path, MAX_FILE_BYTES)
    if path.suffix.lower() != SUFFIX:
        ending = f"ends in '{printable(path.suffix)}'" if path.suffix else "has no extension"
        raise RefusedFile(
            f"Only .safetensors files are loaded, and this one {ending}; convert it with python -m embeddings convert."
        )
    return EmbeddingFile(read_bytes(data), hashlib.sha256(data).hexdigest(), len(data))


def read_limited(path: Path, most: int) -> bytes:
    """All bytes of a file that has at most `most`. Raises: RefusedFile, if it has more or isn't a file; OSError."""
    size = path.stat().st_size
    if not path.is_file():
        raise RefusedFile("This is a folder or a device, not a file.")
    with path.open("rb") as file:
        if size > most:
            raise RefusedFile(too_large(file.read(PEEK_BYTES), size, most))
        data = file.read(most + 1)
    if len(data) > most:  # it has grown since
        raise RefusedFile(f"This file has more than {most:,} bytes, and an embedding has fewer.")
    return data


def read_bytes(data: bytes) -> Embedding:
    """Read an embedding from the bytes of a safetensors file.

    Raises: RefusedFile.
    """
    header = read_header(data)
    refuse_other_kinds(header.keys)
    tensors = read_tensors(data)
    dtype = next(iter(header.tensors.values())).dtype
    if (conditioning := read_conditioning(tensors, dtype, header.metadata)) is not None:
        return conditioning
    for keys in PAIRS:
        if set(tensors) == set(keys):
            return _pair(tensors, keys, dtype, header.metadata)
    if len(tensors) == 1:
        return _single(tensors, dtype, header.metadata)
    raise RefusedFile(f"This file's tensors match no known embedding format: {_quoted(tensors)}.")


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """All tensors of a safetensors file. Raises: RefusedFile, if it is damaged or holds anything but floats."""
    try:
        return {name: _to_array(name, view) for name, view in deserialize(data)}
    except SafetensorError as error:
        reason = " ".join(printable(word) for word in str(error).split(" "))
        raise RefusedFile(f"This safetensors file is damaged ({reason}); please download it again.") from error


def _single(tensors: dict[str, NDArray[np.float32]], dtype: str, metadata: dict[str, str]) -> Embedding:
    (key, rows), *_ = tensors.items()
    rows = checked_vectors(key, rows)
    width = rows.shape[1]
    architecture = architecture_of_widths(width)
    if architecture is None:
        reason = _OTHER_WIDTHS.get(width, "no supported model has a text encoder of that width")
        raise UnknownArchitecture(f"Its vectors are {width} wide: {reason}.")
    (encoder,) = architecture.facts.encoders
    if (layout := _SINGLES.get(key)) is not None:
        return Embedding(architecture, {encoder: rows}, layout, dtype, metadata)
    token = printable(key)
    return Embedding(architecture, {encoder: rows}, f"diffusers (token '{token}')", dtype, metadata, token)


def _pair(
    tensors: dict[str, NDArray[np.float32]], keys: tuple[str, str], dtype: str, metadata: dict[str, str]
) -> Embedding:
    vectors = {encoder: checked_vectors(key, tensors[key]) for encoder, key in zip(_ENCODERS, keys, strict=True)}
    architecture = architecture_of_widths({key: rows.shape[1] for key, rows in vectors.items()})
    if architecture is None:
        widths = " and ".join(str(rows.shape[1]) for rows in vectors.values())
        raise UnknownArchitecture(f"{keys[0]} and {keys[1]} are {widths} wide; for SDXL they must be 768 and 1280.")
    if len({rows.shape[0] for rows in vectors.values()}) > 1:
        counts = " and ".join(str(rows.shape[0]) for rows in vectors.values())
        raise RefusedFile(f"{keys[0]} and {keys[1]} have {counts} vectors; both must have the same number.")
    return Embedding(architecture, vectors, PAIRS[keys], dtype, metadata)


def _to_array(name: str, view: dict) -> NDArray[np.float32]:
    dtype = _DTYPES.get(view["dtype"])
    if dtype is None:
        raise RefusedFile(f"'{printable(name)}' is stored as {view['dtype']}; token vectors must be F16, BF16 or F32.")
    raw = np.frombuffer(view["data"], dtype=dtype)
    if view["dtype"] == "BF16":  # numpy has no bfloat16, which is the upper half of a float32
        raw = (raw.astype("<u4") << 16).view("<f4")
    return np.ascontiguousarray(raw.reshape(view["shape"]), dtype=np.float32)


def checked_vectors(key: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tensor as (n, width), if it can be used in a prompt. Raises: RefusedFile."""
    if rows.ndim == 1:
        rows = rows[None, :]
    if rows.ndim != 2:
        raise RefusedFile(f"'{printable(key)}' has {rows.ndim} dimensions; token vectors must have 2.")
    if not 1 <= rows.shape[0] <= MAX_VECTORS:
        raise RefusedFile(f"This file contains {rows.shape[0]} vectors; a prompt has room for 1 to {MAX_VECTORS}.")
    if not np.isfinite(rows).all():
        raise RefusedFile("This embedding contains NaN or infinite values; please look for an intact copy.")
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    if not norms.any():
        raise RefusedFile("All vectors of this embedding are zero, so it would have no effect.")
    if norms.max() > MAX_ROW_NORM:
        raise RefusedFile(
            f"This embedding has a vector of length {norms.max():.3g}, but token vectors are about 1 long; "
            "please look for an intact copy."
        )
    return rows


def _quoted(tensors: dict[str, NDArray[np.float32]]) -> str:
    names = [f"'{printable(name)}'" for name in sorted(tensors)[:3]]
    return ", ".join(names) + (" …" if len(tensors) > 3 else "")
