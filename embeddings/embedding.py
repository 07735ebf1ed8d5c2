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
CONDITIONING_LAYOUT = "conditioning (negative_prompt_embeds)"
#: the parts of a conditioning
STATES, POOLED = "states", "pooled"
#: of a text encoder's output: the begin token, 75 tokens, the end token
NUM_POSITIONS = 77
#: positions for tokens in one chunk of a prompt; an embedding is never split over two
MAX_VECTORS = 75


@dataclass(frozen=True)
class Embedding:
    """Learned token vectors for each text encoder of one architecture, or a conditioning, which is what encoders put out.

    Shape: vectors[encoder] is (n, width), float32, C-contiguous, with the same n from 1 to 75 for every encoder. A conditioning's
    are "states", (77, sum of the encoders' widths), and for SDXL "pooled", (1, width of the last encoder).
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
        """How many there are for each encoder; of a conditioning, 77."""
        return (self.vectors[STATES] if self.is_conditioning else next(iter(self.vectors.values()))).shape[0]

    @property
    def is_conditioning(self) -> bool:
        return STATES in self.vectors

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
