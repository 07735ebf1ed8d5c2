"""Inject token vectors into a text encoder's input for one call, without changing the encoder.

A permanent forward hook on the encoder's token embedding replaces rows of its output. The ids at those positions are
ordinary in-vocabulary ids, so the end-of-text position, and therefore the pooled output, stays correct. Knows nothing
of files, tokenizers or prompts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Placement:
    """Vectors to inject at `offset` and the positions after it.

    Shape: rows (n, width), where width is that of the encoder's token vectors.
    """

    offset: int
    rows: torch.Tensor


class VectorInjector:
    """The hook on one text encoder, registered once after loading. Thread-safe: placements are context-local."""

    def __init__(self, encoder: nn.Module) -> None:
        self._placements: ContextVar[Sequence[Sequence[Placement]] | None] = ContextVar("placements", default=None)
        token_embedding = encoder.get_input_embeddings()  # pyright: ignore[reportCallIssue]
        self._handle = token_embedding.register_forward_hook(self._substitute)

    @contextmanager
    def placing(self, batch: Sequence[Sequence[Placement]]) -> Iterator[None]:
        """Inject rows in every encoder call inside the block; `batch[i]` belongs to sequence i.

        Gradients flow into `Placement.rows`; training relies on it.
        """
        token = self._placements.set(batch)
        try:
            yield
        finally:
            self._placements.reset(token)

    def remove(self) -> None:
        """Remove the hook, which leaves the encoder as it was."""
        self._handle.remove()

    def _substitute(
        self, module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
    ) -> torch.Tensor | None:
        batch = self._placements.get()
        if batch is None or not any(batch):
            return None
        if len(batch) != output.shape[0]:
            raise ValueError(f"placements for {len(batch)} sequences, but the batch has {output.shape[0]}")
        output = output.clone()
        for index, placements in enumerate(batch):
            for placement in placements:
                end = placement.offset + placement.rows.shape[0]
                output[index, placement.offset : end] = placement.rows.to(output)
        return output
