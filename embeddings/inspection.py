"""Describe a file: what it contains, what the catalog knows about it, and what to watch out for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.catalog import Catalog, CatalogEntry, other_file_of, positive_twin_of
from embeddings.conversion import read_result, to_safetensors
from embeddings.display import printable
from embeddings.embedding import MAX_VECTORS, STATES, Embedding, hash_vectors
from embeddings.errors import UnsupportedEncoders
from embeddings.foreign.sandbox import SandboxResult
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.header import read_header
from embeddings.names import name_problem
from embeddings.reader import checked_vectors, read_limited, read_tensors
from embeddings.shapes import UNSUPPORTED_ENCODERS
from embeddings.writer import NEGATIVE, SOURCE_HASH

#: More of them leave little of a chunk's 75 tokens for words.
_MANY_VECTORS = 32
#: ten times the longest rows of real vocabularies
_LONG_ROW = 30.0
#: start of `modelspec.architecture` → architecture
_MODELSPEC = {"stable-diffusion-v1": "sd1", "stable-diffusion-v2": "sd2", "stable-diffusion-xl-v1": "sdxl"}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file contains, even if no supported model can use it. Shape: vectors[encoder] is (n, width)."""

    layout: str
    architecture: str
    vectors: Mapping[str, NDArray[np.float32]]
    dtype: str
    metadata: Mapping[str, str]
    #: keys of the vectors for text encoders that no supported model has
    unsupported: tuple[str, ...] = ()


def inspect_file(path: Path, catalog: Catalog) -> dict[str, Any]:
    """The facts about one file, ready for JSON.

    Raises: RefusedFile, if it contains no embedding; OSError, if it can't be opened.
    """
    data = read_limited(path, MAX_INPUT_BYTES)
    result = to_safetensors(data)
    try:
        contents = _supported(read_result(result))
    except UnsupportedEncoders:
        contents = _unsupported(result)
    file_hash = hashlib.sha256(data).hexdigest()
    entry, doubts = _catalog_entry(path.stem, file_hash, contents, catalog)
    warnings = [*doubts, *_warnings(contents), *_installation_warnings(path, result, contents)]
    return {
        "file": path.name,
        "format": contents.layout,
        "architecture": contents.architecture,
        "vectors": max(rows.shape[0] for rows in contents.vectors.values()),
        "widths": {encoder: rows.shape[1] for encoder, rows in contents.vectors.items()},
        "dtype": contents.dtype,
        "content_hash": hash_vectors(contents.vectors),
        "file_hash": file_hash,
        "size_bytes": len(data),
        "catalog": entry.id if entry else None,
        "metadata": dict(contents.metadata),
        "warnings": warnings,
    }


def _supported(embedding: Embedding) -> Contents:
    return Contents(
        embedding.layout, str(embedding.architecture), embedding.vectors, embedding.dtype, dict(embedding.metadata)
    )


def _unsupported(result: SandboxResult) -> Contents:
    """SD3 and Flux embeddings are described too, so that users learn what they have."""
    header = read_header(result.data)
    vectors = {key: checked_vectors(key, rows) for key, rows in sorted(read_tensors(result.data).items())}
    names = " + ".join(printable(key) for key in vectors)
    # Only SD3 has CLIP-G besides T5; Flux has CLIP-L and T5.
    is_sd3 = bool({"clip_g", "t5xxl", "text_encoders_2"} & set(vectors))
    return Contents(
        f"{'SD3' if is_sd3 else 'Flux'} ({names})" + (f", {result.container}" if result.container else ""),
        "sd3" if is_sd3 else "flux",
        vectors,
        next(iter(header.tensors.values())).dtype,
        dict(result.hints) if result.container else header.metadata,
        tuple(key for key in vectors if key in UNSUPPORTED_ENCODERS),
    )


def _catalog_entry(
    stem: str, file_hash: str, contents: Contents, catalog: Catalog
) -> tuple[CatalogEntry | None, list[str]]:
    """The entry that the file belongs to, with a warning if anything but the file's own hash says so."""
    if entry := catalog.identify(file_hash):
        return entry, []
    if entry := catalog.identify(contents.metadata.get(SOURCE_HASH, "")):
        return entry, [
            f"Its metadata says it was converted from a known file of '{entry.id}', which can't be verified."
        ]
    if negative := catalog.negative_of(file_hash) or catalog.negative_of(contents.metadata.get(SOURCE_HASH, "")):
        return None, [positive_twin_of(negative)]
    named = catalog.find(stem)
    if named is None:
        return None, []
    if named.hashes:
        return None, [other_file_of(named)]
    return (named if str(named.architecture) == contents.architecture else None), []


def _warnings(contents: Contents) -> Iterator[str]:
    is_conditioning = STATES in contents.vectors
    count = max(rows.shape[0] for rows in contents.vectors.values())
    if is_conditioning:
        yield "It's a conditioning, a text encoder's whole output, and takes a chunk of its own."
    elif count > _MANY_VECTORS:
        yield f"It takes {count} of the {MAX_VECTORS} tokens in a chunk, which leaves little room for words."
    for key, rows in () if is_conditioning else contents.vectors.items():
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        if not lengths.all():
            yield f"Vectors for {printable(key)} that are zero: {int((lengths == 0).sum())} of {rows.shape[0]}."
        if lengths.max() > _LONG_ROW:
            yield f"A vector for {printable(key)} has length {lengths.max():.3g}; those of words are about 1 long."
        if len(np.unique(rows, axis=0)) < rows.shape[0]:
            yield f"Some of its vectors for {printable(key)} are identical."
    declared = contents.metadata.get("modelspec.architecture", "")
    expected = next((name for start, name in _MODELSPEC.items() if declared.startswith(start)), None)
    if expected is not None and expected != contents.architecture:
        yield f"Its metadata says it is for {expected}, but its vectors are for {contents.architecture}."
    if contents.metadata.get(NEGATIVE, "").lower() == "false":
        yield "Its metadata says it is for the positive prompt."


def _installation_warnings(path: Path, result: SandboxResult, contents: Contents) -> Iterator[str]:
    if contents.unsupported:
        keys = " and ".join(f"'{key}'" for key in contents.unsupported)
        yield f"It can't be installed: no supported model has a text encoder for {keys}."
    elif result.container:
        yield "Convert it before you copy it into the library: python -m embeddings convert FILE NAME.safetensors"
    if reason := name_problem(path.stem):
        yield reason
