"""Encode prompts and embeddings for the UNet's cross-attention.

Every stock path loses something: embeddings whose names contain capitals, the tail of a long negative prompt, clip skip
on negatives. So this module chunks and encodes both prompts itself. A hook substitutes the embeddings' vectors for the
duration of one call; tokenizers and weights never change.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.architecture import Architecture
from embeddings.embedding import NUM_POSITIONS, POOLED, STATES
from embeddings.injection import Placement, VectorInjector
from services.parameters import PlacedEmbedding
from services.prompting import CHUNK_TOKENS, Chunk, split_into_chunks
from services.prompting.tokens import tokenizer_function

#: for encoded prompts; one SDXL prompt takes 0.6 MB in float32
CACHE_BYTES = 64 * 1024 * 1024
#: restoring a chunk's mean scales it up tenfold at most, however small its weights are
LEAST_WEIGHT = 0.1
#: with ordinary weights, the mean changes by less than this factor on real checkpoints
USUAL_CHANGE = 2.0


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One encoded prompt.

    Shape: states (1, 77 · chunks, sum of the encoders' widths); pooled (1, width of the last encoder) or None.
    """

    states: torch.Tensor
    pooled: torch.Tensor | None

    @property
    def num_bytes(self) -> int:
        return sum(tensor.nbytes for tensor in (self.states, self.pooled) if tensor is not None)


class Conditioner:
    """The text encoders of one loaded checkpoint, with a cache of encoded prompts."""

    def __init__(self, architecture: Architecture, pipe: Any) -> None:
        self._facts = architecture.facts
        self._parts = [(getattr(pipe, tokenizer), getattr(pipe, encoder)) for tokenizer, encoder in self._facts.parts]
        self._injectors = [VectorInjector(encoder) for _, encoder in self._parts]
        self._tokenize = tokenizer_function(self._parts[0][0])
        self._cache: OrderedDict[tuple[Any, ...], Conditioning] = OrderedDict()
        self._cached_bytes = 0

    def encode(
        self, prompt: str, embeddings: Sequence[PlacedEmbedding] = (), *, chunks: int = 1, clip_skip: int = 1
    ) -> Conditioning:
        """Encode the embeddings, then the prompt, padded with empty chunks to `chunks` chunks.

        Raises: ValueError, for an embedding of another architecture.
        """
        key = (prompt, tuple((placed.content_hash, placed.strength) for placed in embeddings), clip_skip, chunks)
        if (cached := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return cached
        for placed in embeddings:
            self._refuse_other_architecture(placed)
        vectors = [(placed.num_tokens, placed.strength) for placed in embeddings]
        prompt_chunks = split_into_chunks(prompt, self._tokenize, vectors)
        prompt_chunks.extend(Chunk() for _ in range(chunks - len(prompt_chunks)))
        # a conditioning stands for the output of its chunk, which is encoded as if it were empty
        ready = {
            number: embeddings[index]
            for number, chunk in enumerate(prompt_chunks)
            for _, index in chunk.placed
            if embeddings[index].is_conditioning
        }
        encoded = [Chunk() if number in ready else chunk for number, chunk in enumerate(prompt_chunks)]
        conditioning = self._put_in(ready, self._encode_chunks(encoded, embeddings, clip_skip))
        self._remember(key, conditioning)
        return conditioning

    def _refuse_other_architecture(self, placed: PlacedEmbedding) -> None:
        # an SDXL embedding includes vectors of SD 1's width, but half an embedding must never be used
        wanted = self._facts.encoders
        if placed.is_conditioning:
            is_ours = placed.vectors[STATES].shape[1] == sum(wanted.values()) and len(placed.vectors) == len(wanted)
        else:
            is_ours = placed.vectors.keys() == wanted.keys()
        if not is_ours:
            raise ValueError(f"{placed.id} is for {', '.join(placed.vectors)}, not for {', '.join(wanted)}")

    @torch.inference_mode()
    def _put_in(self, ready: Mapping[int, PlacedEmbedding], encoded: Conditioning) -> Conditioning:
        """Replace the output of whole chunks; a strength other than 1 moves it from the empty prompt's output, or beyond."""
        if not ready:
            return encoded
        states = encoded.states.reshape(-1, NUM_POSITIONS, encoded.states.shape[-1]).clone()
        pooled = encoded.pooled
        for number, placed in ready.items():
            states[number] = _between(states[number], placed.vectors[STATES], placed.strength)
            if number == 0 and pooled is not None:
                pooled = _between(pooled, placed.vectors[POOLED], placed.strength)
        return Conditioning(states.reshape(encoded.states.shape), pooled)

    @torch.inference_mode()
    def _encode_chunks(
        self, chunks: Sequence[Chunk], embeddings: Sequence[PlacedEmbedding], clip_skip: int
    ) -> Conditioning:
        states: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        for number, encoder_name in enumerate(self._facts.encoders):
            tokenizer, encoder = self._parts[number]
            ids = torch.tensor([_padded(chunk.ids, tokenizer) for chunk in chunks], device=encoder.device)
            placements = [
                [
                    # position 0 holds the begin token
                    Placement(offset + 1, torch.as_tensor(embeddings[index].vectors[encoder_name]))
                    for offset, index in chunk.placed
                ]
                for chunk in chunks
            ]
            with self._injectors[number].placing(placements):
                output = encoder(ids, output_hidden_states=True)
            states.append(_apply_weights(self._hidden_state(encoder, output, clip_skip), chunks))
            # the last encoder's pooled output for the first chunk; encoders without a projection don't provide one
            pooled = output.text_embeds[:1] if hasattr(output, "text_embeds") else None
        joined = torch.cat(states, dim=-1)
        return Conditioning(joined.reshape(1, -1, joined.shape[-1]), pooled)

    def _hidden_state(self, encoder: Any, output: Any, clip_skip: int) -> torch.Tensor:
        state = output.hidden_states[self._facts.hidden_state - (clip_skip - 1)]
        if not self._facts.final_norm:
            return state
        inner = getattr(encoder, "text_model", encoder)  # transformers 5 removed this level from one of the two classes
        return inner.final_layer_norm(state)

    def _remember(self, key: tuple[Any, ...], conditioning: Conditioning) -> None:
        self._cache[key] = conditioning
        self._cached_bytes += conditioning.num_bytes
        while self._cached_bytes > CACHE_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= oldest.num_bytes


def _between(empty: torch.Tensor, values: NDArray[np.float32], strength: float) -> torch.Tensor:
    """`values` in the place of `empty`, bit for bit at strength 1."""
    full = torch.as_tensor(values).to(empty)
    return full if strength == 1 else torch.lerp(empty, full, strength)


def _padded(ids: Sequence[int], tokenizer: Any) -> list[int]:
    """Begin token, the chunk's tokens, end token, and padding up to 77 positions."""
    padding = [tokenizer.pad_token_id] * (CHUNK_TOKENS - len(ids))
    return [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *padding]


def _apply_weights(states: torch.Tensor, chunks: Sequence[Chunk]) -> torch.Tensor:
    """Scale each position by its weight and restore the chunk's mean; chunks without weights stay bit-identical.

    Shape: (chunks, 77, width).
    Source: A1111's emphasis "Original".
    """
    rows: list[torch.Tensor] = []
    for state, chunk in zip(states, chunks, strict=True):
        if all(weight == 1 for weight in chunk.weights):
            rows.append(state)
            continue
        weights = torch.ones(state.shape[0], device=state.device, dtype=state.dtype)
        weights[1 : len(chunk.weights) + 1] = torch.tensor(chunk.weights, dtype=state.dtype, device=state.device)
        scaled = state * weights[:, None]
        rows.append(scaled * _mean_correction(state, scaled, chunk.weights))
    return torch.stack(rows)


def _mean_correction(state: torch.Tensor, scaled: torch.Tensor, weights: Sequence[float]) -> torch.Tensor:
    """The factor that gives `scaled` the mean of `state`, as in A1111, bounded where that ratio is meaningless.

    When the positions' means cancel each other out, the mean says nothing about magnitude, and the ratio can be anything,
    even negative. A factor far from 1 is therefore clamped to the range it has when they don't cancel: between the
    inverse of the largest weight and the inverse of the smallest.
    """
    factor = (state.mean() / scaled.mean()).nan_to_num(1.0)
    plausible = factor.clamp(1 / max(1.0, *weights), 1 / max(LEAST_WEIGHT, min(1.0, *weights)))
    return torch.where((factor > 1 / USUAL_CHANGE) & (factor < USUAL_CHANGE), factor, plausible)
