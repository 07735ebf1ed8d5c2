"""Read an embedding from safetensors bytes, or refuse with one clear sentence.

Three grammars are accepted: `emb_params`; one key, the placeholder token; and the pair `clip_l` + `clip_g`. Which one
it is is told by keys and shapes, never by the file's name. Knows bytes and arrays; knows no torch, no tokenizer and
no prompt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from embeddings.architecture import architecture_of_widths
from embeddings.embedding import MAX_VECTORS, Embedding
from embeddings.errors import RefusedFile, UnknownArchitecture
from embeddings.header import guess_tensor_names, read_header, shown
from embeddings.shapes import foreign, refuse_foreign_keys

#: 75 vectors of every encoder known in the wild (768 + 1280 + 4096 wide) in float32 are 1.8 MB.
MAX_FILE_BYTES = 2 * 1024 * 1024
#: Rows of real vocabularies have norms between 0.3 and 3; a thousand times that is no token vector.
MAX_ROW_NORM = 1e3

#: of a file that is too large, to name it; trainers write half a megabyte of notes before a LoRA's first tensor
_PEEK_BYTES = 1024 * 1024
_PAIR = {"clip_l", "clip_g"}
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
    size = path.stat().st_size
    if not path.is_file():
        raise RefusedFile("It is a folder or a device, not a file.")
    if size > MAX_FILE_BYTES:
        with path.open("rb") as file:
            named = foreign(guess_tensor_names(file.read(_PEEK_BYTES)))
        raise RefusedFile(named or f"The file has {size:,} bytes; an embedding has at most {MAX_FILE_BYTES:,}.")
    if path.suffix.lower() != ".safetensors":
        ending = f"'{shown(path.suffix)}'" if path.suffix else "file without ending"
        raise RefusedFile(f"Only .safetensors files are read, and this is a {ending}.")
    data = path.read_bytes()
    return EmbeddingFile(read_bytes(data), hashlib.sha256(data).hexdigest(), len(data))


def read_bytes(data: bytes) -> Embedding:
    """Read an embedding from the bytes of a safetensors file.

    Raises: RefusedFile.
    """
    header = read_header(data)
    refuse_foreign_keys(header.keys)
    try:
        tensors = {name: _to_array(name, view) for name, view in deserialize(data)}
    except SafetensorError as error:
        reason = " ".join(shown(word) for word in str(error).split(" "))
        raise RefusedFile(f"The safetensors file is damaged: {reason}.") from error
    dtype = next(iter(header.tensors.values())).dtype
    if set(tensors) == _PAIR:
        return _pair(tensors, dtype, header.metadata)
    if len(tensors) == 1:
        return _single(tensors, dtype, header.metadata)
    raise RefusedFile(f"These tensors are no embedding that is known here: {_named(tensors)}.")


def _single(tensors: dict[str, NDArray[np.float32]], dtype: str, metadata: dict[str, str]) -> Embedding:
    (key, rows), *_ = tensors.items()
    rows = _checked(key, rows)
    architecture = architecture_of_widths(rows.shape[1])
    if architecture is None:
        raise UnknownArchitecture(
            f"Its vectors are {rows.shape[1]} wide; no model that is known here has such a text encoder."
        )
    layout = "A1111 / kohya (emb_params)" if key == "emb_params" else f"diffusers (token '{shown(key)}')"
    (encoder,) = architecture.facts.encoders
    return Embedding(architecture, {encoder: rows}, layout, dtype, metadata)


def _pair(tensors: dict[str, NDArray[np.float32]], dtype: str, metadata: dict[str, str]) -> Embedding:
    vectors = {key: _checked(key, tensors[key]) for key in ("clip_l", "clip_g")}
    architecture = architecture_of_widths({key: rows.shape[1] for key, rows in vectors.items()})
    if architecture is None:
        widths = " and ".join(str(rows.shape[1]) for rows in vectors.values())
        raise UnknownArchitecture(f"clip_l and clip_g are {widths} wide; SDXL has 768 and 1280.")
    if len({rows.shape[0] for rows in vectors.values()}) > 1:
        counts = " and ".join(str(rows.shape[0]) for rows in vectors.values())
        raise RefusedFile(f"clip_l and clip_g hold {counts} vectors; they must hold the same number.")
    return Embedding(architecture, vectors, "SDXL (clip_l + clip_g)", dtype, metadata)


def _to_array(name: str, view: dict) -> NDArray[np.float32]:
    dtype = _DTYPES.get(view["dtype"])
    if dtype is None:
        raise RefusedFile(f"'{shown(name)}' holds {view['dtype']}; token vectors are F16, BF16 or F32.")
    raw = np.frombuffer(view["data"], dtype=dtype)
    if view["dtype"] == "BF16":  # numpy has no bfloat16: it is the upper half of a float32
        raw = (raw.astype("<u4") << 16).view("<f4")
    return np.ascontiguousarray(raw.reshape(view["shape"]), dtype=np.float32)


def _checked(key: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if rows.ndim == 1:
        rows = rows[None, :]
    if rows.ndim != 2:
        raise RefusedFile(f"'{shown(key)}' has {rows.ndim} dimensions; token vectors have two.")
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
    names = [f"'{shown(name)}'" for name in sorted(tensors)[:3]]
    return ", ".join(names) + (" …" if len(tensors) > 3 else "")
