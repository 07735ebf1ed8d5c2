"""The value: the token vectors of one embedding, whatever file they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from embeddings.architecture import Architecture

#: the layouts that most programs write, and so does `writer.py`: one tensor, or one for each of SDXL's text encoders
SINGLE_LAYOUT = "A1111 / kohya (emb_params)"
PAIR_LAYOUT = "SDXL (clip_l + clip_g)"
#: positions for tokens in one chunk of a prompt; an embedding is never split over two
MAX_VECTORS = 75


@dataclass(frozen=True)
class Embedding:
    """Learned token vectors for each text encoder of one architecture.

    Shape: vectors[encoder] is (n, width), float32, C-contiguous, with the same n from 1 to 75 for every encoder.
    """

    architecture: Architecture
    vectors: Mapping[str, NDArray[np.float32]] = field(repr=False)
    #: the layout of the file it was read from, named after the programs that write it
    layout: str = SINGLE_LAYOUT
    #: as stored in the file; `vectors` are always float32
    dtype: str = "F32"
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: the placeholder that the file names its tensor after, such as <bad-hands>
    token: str = ""

    @property
    def num_vectors(self) -> int:
        return next(iter(self.vectors.values())).shape[0]

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over the vectors alone, so that a copy saved by another program has the same one."""
        return hash_vectors(self.vectors)


def hash_vectors(vectors: Mapping[str, NDArray[np.float32]]) -> str:
    """SHA-256 over the float32 vectors of each encoder, (n, width) each; independent of the encoders' order."""
    digest = hashlib.sha256()
    for encoder in sorted(vectors):
        rows = vectors[encoder]
        digest.update(f"{encoder} {rows.shape[0]}x{rows.shape[1]}\n".encode())
        digest.update(rows.astype("<f4").tobytes())
    return digest.hexdigest()
