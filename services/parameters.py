"""The plan: everything decided, frozen, reproducible on any engine that has the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.embedding import MAX_VECTORS, STATES
from services.comparison import Comparison

MAX_SEED = 2**32 - 1
MAX_COUNT = 4
#: what A1111's users write for any seed
RANDOM_SEED = -1


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
    def num_tokens(self) -> int:
        """The tokens that it takes of a chunk; a conditioning takes all of one."""
        return min(self.num_vectors, MAX_VECTORS)

    @property
    def label(self) -> str:
        """As a member would write it: `EasyNegative` or `EasyNegative:0.8`."""
        return self.id if self.strength == 1 else f"{self.id}:{self.strength:g}"


@dataclass(frozen=True, slots=True)
class PlacedEmbedding(EmbeddingRecord):
    """One negative embedding of a plan, with its vectors, so that an engine needs no library.

    Shape: vectors[encoder] is (n, width), float32; a conditioning's parts as in `Embedding`.
    """

    vectors: Vectors = field(repr=False, compare=False)

    @property
    def is_conditioning(self) -> bool:
        return STATES in self.vectors


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
    #: how far the noise goes from the seed's towards that of another seed, from 0 to 1
    variation_strength: float = 0.0
    variation_seed: int = 0
    #: positions of the prompt and of the negative prompt, and chunks of both; for the card
    prompt_tokens: int = 0
    negative_tokens: int = 0
    chunks: int = 1
    #: names of the presets that settings came from, and the settings that they lock
    presets: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    #: if set, the pictures are its cells
    comparison: Comparison | None = None

    def seed_of(self, index: int) -> int:
        """The seed of picture `index`: consecutive ones; in a comparison that of its row; the same one in variations."""
        if self.comparison is not None:
            return self.seed + self.comparison.row_of(index).seed_offset
        return self.seed + (0 if self.variation_strength else index)

    def variation_seed_of(self, index: int) -> int:
        """The seed that picture `index` is varied towards."""
        return self.variation_seed + index

    @property
    def pictures_each(self) -> int:
        """How many pictures there are of the same kind: a comparison has as many as rows."""
        return self.count if self.comparison is None else len(self.comparison.rows)

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
            "embeddings": [_values(embedding, EmbeddingRecord) for embedding in self.embeddings],
            "comparison": self.comparison and self.comparison.as_json(),
        }

    @staticmethod
    def from_json(table: Mapping[str, Any]) -> PlanRecord:
        """The inverse of `as_json`."""
        grid = table.get("comparison")
        values: dict[str, Any] = {
            **table,
            "embeddings": tuple(EmbeddingRecord(**embedding) for embedding in table["embeddings"]),
            "presets": tuple(table.get("presets", ())),
            "locked": tuple(table.get("locked", ())),
            "comparison": None if grid is None else Comparison.from_json(grid),
        }
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

    @property
    def parts(self) -> tuple[GenerationParameters, ...]:
        """Plans without a comparison that make the same pictures in the same order."""
        if self.comparison is None:
            return (self,)
        return tuple(
            replace(
                self,
                embeddings=tuple(self.embeddings[position] for position in column.uses),
                seed=self.seed + row.seed_offset,
                cfg=row.cfg,
                count=1,
                comparison=None,
            )
            for row, column in self.comparison.cells
        )


def _values(record: object, kind: type[PlanRecord | EmbeddingRecord]) -> dict[str, Any]:
    """The fields that `kind` declares, not copied: `asdict` would duplicate the vectors."""
    return {column.name: getattr(record, column.name) for column in fields(kind)}
