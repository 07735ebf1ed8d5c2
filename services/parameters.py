"""The plan: everything decided, frozen, reproducible on any engine that has the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**32 - 1
MAX_COUNT = 4


#: one embedding's vectors by text encoder, (n, width) each, float32
Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class EmbeddingRecord:
    """One negative embedding of a plan, without its vectors; `content_hash` identifies those."""

    id: str
    strength: float
    num_vectors: int
    content_hash: str
    file_hash: str

    @property
    def label(self) -> str:
        """As a member would write it: `EasyNegative` or `EasyNegative:0.8`."""
        return self.id if self.strength == 1 else f"{self.id}:{self.strength:g}"


@dataclass(frozen=True, slots=True)
class PlacedEmbedding(EmbeddingRecord):
    """One negative embedding of a plan, with its vectors, so that an engine needs no library.

    Shape: vectors[encoder] is (n, width), float32.
    """

    vectors: Vectors = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A complete plan as a row records it: all but the vectors, which only rendering needs."""

    checkpoint: str
    prompt: str
    negative: str
    embeddings: tuple[EmbeddingRecord, ...]
    cfg: float
    steps: int
    width: int
    height: int
    seed: int
    count: int
    sampler: str
    clip_skip: int = 1
    #: positions of the prompt and of the negative prompt, and chunks of both; for the card
    prompt_tokens: int = 0
    negative_tokens: int = 0
    chunks: int = 1

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`: a job's pictures have consecutive seeds."""
        return self.seed + index

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def batch_key(self) -> tuple[Any, ...]:
        """Plans with the same key can share one denoising loop, whatever their prompts, negatives, seeds and CFG."""
        return (self.checkpoint, self.width, self.height, self.steps, self.sampler, self.clip_skip, self.chunks)

    @property
    def pixel_steps(self) -> int:
        """Work, in the unit that a picture's time is proportional to."""
        return self.count * self.steps * self.width * self.height

    def as_json(self) -> dict[str, Any]:
        """The plan without vectors; these are stored once under their content hash."""
        return _values(self, PlanRecord) | {
            "embeddings": [_values(embedding, EmbeddingRecord) for embedding in self.embeddings]
        }

    @staticmethod
    def from_json(table: Mapping[str, Any]) -> PlanRecord:
        """The inverse of `as_json`."""
        embeddings = tuple(EmbeddingRecord(**embedding) for embedding in table["embeddings"])
        values: dict[str, Any] = {**table, "embeddings": embeddings}
        return PlanRecord(**values)

    def with_vectors(self, vectors: Mapping[str, Vectors]) -> GenerationParameters:
        """The plan as an engine takes it; `vectors` maps content hashes to each embedding's vectors.

        Raises: KeyError, if vectors are missing.
        """
        embeddings = tuple(
            PlacedEmbedding(**_values(embedding, EmbeddingRecord), vectors=vectors[embedding.content_hash])
            for embedding in self.embeddings
        )
        values: dict[str, Any] = {**_values(self, PlanRecord), "embeddings": embeddings}
        return GenerationParameters(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationParameters(PlanRecord):
    """A complete plan, vectors included."""

    embeddings: tuple[PlacedEmbedding, ...]


def _values(record: object, kind: type[PlanRecord | EmbeddingRecord]) -> dict[str, Any]:
    """The fields that `kind` declares, not copied: `asdict` would duplicate the vectors."""
    return {column.name: getattr(record, column.name) for column in fields(kind)}
