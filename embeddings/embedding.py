"""The value: token vectors of one embedding, whatever file they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings.architecture import Architecture

#: how most programs, and this one, lay a file out: one tensor, or one for each of SDXL's encoders
SINGLE_LAYOUT = "A1111 / kohya (emb_params)"
PAIR_LAYOUT = "SDXL (clip_l + clip_g)"
#: More vectors than one chunk of a prompt has positions can never be placed.
MAX_VECTORS = 75


@dataclass(frozen=True)
class Embedding:
    """Learned token vectors for each text encoder of one architecture.

    Shape: vectors[encoder] is (n, width), float32, C-contiguous; the same n for every encoder, from 1 to 75.
    """

    architecture: Architecture
    vectors: Mapping[str, NDArray[np.float32]] = field(repr=False)
    #: the layout it was read from, in the words of whoever writes such files
    layout: str = SINGLE_LAYOUT
    #: as stored in the file; the vectors here are always float32
    dtype: str = "F32"
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def num_vectors(self) -> int:
        return next(iter(self.vectors.values())).shape[0]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over the vectors alone, so the same ones saved by another tool count as the same."""
        return hash_vectors(self.vectors)


def hash_vectors(vectors: Mapping[str, NDArray[np.float32]]) -> str:
    """SHA-256 over float32 vectors by encoder, each (n, width); the order of the encoders does not count."""
    digest = hashlib.sha256()
    for encoder in sorted(vectors):
        rows = vectors[encoder]
        digest.update(f"{encoder} {rows.shape[0]}x{rows.shape[1]}\n".encode())
        digest.update(rows.astype("<f4").tobytes())
    return digest.hexdigest()
