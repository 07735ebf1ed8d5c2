"""The plan: everything decided, frozen, reproducible on any engine that has the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**32 - 1
MAX_COUNT = 4


@dataclass(frozen=True, slots=True)
class PlacedEmbedding:
    """One negative embedding of a plan, with its vectors, so that an engine needs no library.

    Shape: vectors[encoder] is (n, width), float32.
    """

    id: str
    strength: float
    num_vectors: int
    content_hash: str
    file_hash: str
    vectors: Mapping[str, NDArray[np.float32]] = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        """As a member would write it: `EasyNegative` or `EasyNegative:0.8`."""
        return self.id if self.strength == 1 else f"{self.id}:{self.strength:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationParameters:
    """A complete plan. Picture i of it uses seed + i."""

    checkpoint: str
    prompt: str
    negative: str
    embeddings: tuple[PlacedEmbedding, ...]
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

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def batch_key(self) -> tuple[Any, ...]:
        """Plans with the same key can share one denoising loop, whatever their prompts, negatives, seeds and CFG."""
        return (self.checkpoint, self.width, self.height, self.steps, self.sampler, self.clip_skip, self.chunks)

    @property
    def pixel_steps(self) -> int:
        """Work in units that the time of a picture grows with."""
        return self.count * self.steps * self.width * self.height

    def as_json(self) -> dict[str, Any]:
        """The plan without vectors; these are stored once under their content hash."""
        table = {key: value for key, value in asdict(self).items() if key != "embeddings"}
        table["embeddings"] = [
            {name: getattr(placed, name) for name in ("id", "strength", "num_vectors", "content_hash", "file_hash")}
            for placed in self.embeddings
        ]
        return table

    @classmethod
    def from_json(cls, table: dict[str, Any], vectors: Mapping[str, Mapping[str, NDArray[np.float32]]]) -> Self:
        """The plan again; `vectors` maps content hashes to each encoder's vectors."""
        values = dict(table)
        values["embeddings"] = tuple(
            PlacedEmbedding(**placed, vectors=vectors[placed["content_hash"]]) for placed in table["embeddings"]
        )
        return cls(**values)
