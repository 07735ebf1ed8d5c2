"""Everything that can be said of one file: what it holds, what the catalog knows of it, and what to be careful with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.catalog import Catalog, CatalogEntry
from embeddings.conversion import as_safetensors, described
from embeddings.display import printable
from embeddings.embedding import MAX_VECTORS, Embedding, hash_vectors
from embeddings.errors import OtherEncoders
from embeddings.foreign.sandbox import Answer
from embeddings.foreign.unpacker import MAX_INPUT_BYTES
from embeddings.header import read_header
from embeddings.names import why_not_a_name
from embeddings.reader import checked, read_limited, read_tensors
from embeddings.shapes import OTHER_ENCODERS
from embeddings.writer import NEGATIVE, SOURCE_HASH

#: More of them leave little of a prompt's 75 places for words.
_MANY_VECTORS = 32
#: ten times the longest rows of real vocabularies
_LONG_ROW = 30.0
#: as ModelSpec begins them → architecture
_MODELSPEC = {"stable-diffusion-v1": "sd1", "stable-diffusion-v2": "sd2", "stable-diffusion-xl-v1": "sdxl"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file holds, also if no model here can use it. Shape: vectors[encoder] is (n, width)."""

    layout: str
    architecture: str
    vectors: Mapping[str, NDArray[np.float32]]
    dtype: str
    metadata: Mapping[str, str]
    #: keys of vectors for text encoders that no model here has
    unusable: tuple[str, ...] = ()


def inspect_file(path: Path, catalog: Catalog) -> dict[str, Any]:
    """The facts of one file, ready for JSON.

    Raises: RefusedFile, if it holds no embedding; OSError, if it cannot be opened.
    """
    data = read_limited(path, MAX_INPUT_BYTES)
    answer = as_safetensors(data)
    try:
        seen = _of_embedding(described(answer))
    except OtherEncoders:
        seen = _of_others(answer)
    file_hash = hashlib.sha256(data).hexdigest()
    entry, doubt = _catalog_entry(path.stem, file_hash, seen, catalog)
    warnings = [*doubt, *_warnings(seen), *_of_installing(path, answer, seen)]
    return {
        "file": path.name,
        "format": seen.layout,
        "architecture": seen.architecture,
        "vectors": max(rows.shape[0] for rows in seen.vectors.values()),
        "widths": {encoder: rows.shape[1] for encoder, rows in seen.vectors.items()},
        "dtype": seen.dtype,
        "content_hash": hash_vectors(seen.vectors),
        "file_hash": file_hash,
        "size_bytes": len(data),
        "catalog": entry.id if entry else None,
        "metadata": dict(seen.metadata),
        "warnings": warnings,
    }


def _of_embedding(embedding: Embedding) -> Seen:
    return Seen(
        embedding.layout, str(embedding.architecture), embedding.vectors, embedding.dtype, dict(embedding.metadata)
    )


def _of_others(answer: Answer) -> Seen:
    """SD3 and Flux: described, so that people learn what they have, though nothing here can use it."""
    header = read_header(answer.data)
    vectors = {key: checked(key, rows) for key, rows in sorted(read_tensors(answer.data).items())}
    names = " + ".join(printable(key) for key in vectors)
    # CLIP-G is in SD3 alone; a pair of CLIP-L and T5 is Flux's
    sd3 = {"clip_g", "t5xxl", "text_encoders_2"} & set(vectors)
    return Seen(
        f"{'SD3' if sd3 else 'Flux'} ({names})" + (f", {answer.container}" if answer.container else ""),
        "sd3" if sd3 else "flux",
        vectors,
        next(iter(header.tensors.values())).dtype,
        dict(answer.hints) if answer.container else header.metadata,
        tuple(key for key in vectors if key in OTHER_ENCODERS),
    )


def _catalog_entry(stem: str, file_hash: str, seen: Seen, catalog: Catalog) -> tuple[CatalogEntry | None, list[str]]:
    """The entry that the file belongs to, and a warning where that rests on less than its hash."""
    if entry := catalog.identify(file_hash):
        return entry, []
    if entry := catalog.identify(seen.metadata.get(SOURCE_HASH, "")):
        return entry, [
            f"It says that it was converted from the known file of '{entry.id}'; only its word stands for it."
        ]
    named = catalog.find(stem)
    if named is None:
        return None, []
    if named.hashes:
        return None, [f"It bears the name of '{named.id}', but its content is another."]
    return (named if str(named.architecture) == seen.architecture else None), []


def _warnings(seen: Seen) -> Iterator[str]:
    count = max(rows.shape[0] for rows in seen.vectors.values())
    if count > _MANY_VECTORS:
        yield f"It takes {count} of a prompt's {MAX_VECTORS} places, which leaves little for words."
    for key, rows in seen.vectors.items():
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        if not lengths.all():
            yield f"{int((lengths == 0).sum())} of its {rows.shape[0]} vectors for {printable(key)} are zero."
        if lengths.max() > _LONG_ROW:
            yield f"A vector for {printable(key)} has the length {lengths.max():.3g}; those of words have a length of about 1."
        if len(np.unique(rows, axis=0)) < rows.shape[0]:
            yield f"Some of its vectors for {printable(key)} are the same."
    told = seen.metadata.get("modelspec.architecture", "")
    meant = next((name for start, name in _MODELSPEC.items() if told.startswith(start)), None)
    if meant is not None and meant != seen.architecture:
        yield f"It says that it is for {meant}, but its vectors are for {seen.architecture}."
    if seen.metadata.get(NEGATIVE, "").lower() == "false":
        yield "Its author marked it as one for the positive prompt."


def _of_installing(path: Path, answer: Answer, seen: Seen) -> Iterator[str]:
    if seen.unusable:
        keys = " and ".join(f"'{key}'" for key in seen.unusable)
        yield f"No model here has the text encoder that {keys} is for, so it cannot be installed."
    elif answer.container:
        yield "It must be converted to be installed: python -m embeddings convert FILE NAME.safetensors"
    if reason := why_not_a_name(path.stem):
        yield reason
