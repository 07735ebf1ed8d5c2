"""From prompt to states by hand: a second implementation of A1111's rules, the bare encoder, and A1111's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.engine.conditioning import USUAL_CHANGE, Conditioning
from services.engine.loader import LoadedCheckpoint
from services.parameters import PlacedEmbedding
from services.prompting.tokens import tokenizer_function
from tests.services.engine.stock import assert_same, difference
from tests.services.engine.tiny import placed
from tests.services.prompting.a1111_reference import LENGTH, Position, chunked

ByName = Callable[[str], Any]


@torch.no_grad()
def encoded_by_hand(
    loaded: LoadedCheckpoint, prompt: str, embeddings: Sequence[PlacedEmbedding] = (), chunks: int = 1
) -> tuple[Conditioning, list[float]]:
    """The conditioning, and the factor that restored each chunk's mean."""
    facts, pipe = loaded.checkpoint.architecture.facts, loaded.pipe
    weighted_vectors = [(embedding.num_vectors, embedding.strength) for embedding in embeddings]
    positions = chunked(prompt, tokenizer_function(pipe.tokenizer), weighted_vectors)
    positions += [[] for _ in range(chunks - len(positions))]
    parts: list[torch.Tensor] = []
    factors: list[float] = []
    pooled: torch.Tensor | None = None
    for name, (tokenizer, part) in zip(facts.encoders, facts.parts, strict=True):
        output = bare_output(
            getattr(pipe, tokenizer), getattr(pipe, part), positions, [e.vectors[name] for e in embeddings]
        )
        state = output.hidden_states[facts.hidden_state]
        if facts.final_norm:
            state = output.last_hidden_state
        rows: list[torch.Tensor] = []
        for z, chunk in zip(state, positions, strict=True):
            multipliers = torch.ones(LENGTH + 2)
            multipliers[1 : 1 + len(chunk)] = torch.tensor([weight for _, weight in chunk])
            before = z.mean()
            z = z * multipliers[:, None]
            factors.append(float(before / z.mean()))
            rows.append(z * (before / z.mean()))
        parts.append(torch.cat(rows)[None])
        pooled = output.text_embeds[:1] if "text_embeds" in output else None
    return Conditioning(torch.cat(parts, dim=-1), pooled), factors


def bare_output(tokenizer: Any, encoder: Any, chunks: Sequence[list[Position]], vectors: Sequence[Any]) -> Any:
    """The encoder's own output, with vectors inserted where the second implementation places them."""

    def insert(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        rows = output.clone()
        for row, chunk in zip(rows, chunks, strict=True):
            for number, vector in enumerate(vectors):
                at = [place for place, (token, _) in enumerate(chunk, start=1) if token == -1 - number]
                if at:
                    row[at] = torch.from_numpy(vector)
        return rows

    ids = [
        [tokenizer.bos_token_id, *(max(token, 0) for token, _ in chunk), tokenizer.eos_token_id]
        + [tokenizer.pad_token_id] * (LENGTH - len(chunk))
        for chunk in chunks
    ]
    handle = encoder.get_input_embeddings().register_forward_hook(insert)
    try:
        return encoder(torch.tensor(ids), output_hidden_states=True)
    finally:
        handle.remove()


PROMPTS = [
    "a red fish",
    "a (red) fish, [blurry], (low quality:1.3)",
    "((extra fingers)) (bad [hands:x]:0.7) \\(not a bracket\\)",
    "(one BREAK two:1.2) three BREAK [four]",
    f"{'red ' * 62}, (blue:1.2) {'sea ' * 30}, [night]",
]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
def test_states_are_bit_identical_to_those_computed_by_hand(by_name: ByName, checkpoint: str, prompt: str) -> None:
    loaded: LoadedCheckpoint = by_name(checkpoint)
    kind = loaded.checkpoint.architecture
    three = [placed(kind, 8), placed(kind, 60, seed=1, strength=0.8), placed(kind, 20, seed=2, strength=1.2)]
    for embeddings in (three[:1], three):
        expected, factors = encoded_by_hand(loaded, prompt, embeddings, chunks=3)
        if all(1 / USUAL_CHANGE < factor < USUAL_CHANGE for factor in factors):  # where A1111's rule applies unchanged
            assert_same(loaded.conditioner.encode(prompt, embeddings, chunks=3), expected)
        else:  # the demo's states have means near zero
            assert checkpoint == "demo"


PIECES = st.sampled_from(
    ["a red fish", ", ", " (", ") ", " [", "] ", ":1.3) ", ":0.6) ", " BREAK ", "sea " * 30, "\\("]
)


@settings(max_examples=30)
@given(st.lists(PIECES, max_size=14).map("".join), st.lists(st.sampled_from([0.5, 0.8, 1.0, 1.3]), max_size=3))
def test_any_prompts_states_equal_those_computed_by_hand(
    sd1: LoadedCheckpoint, prompt: str, strengths: list[float]
) -> None:
    kind = sd1.checkpoint.architecture
    embeddings = [placed(kind, 1 + 9 * n, seed=n, strength=strength) for n, strength in enumerate(strengths)]
    expected, factors = encoded_by_hand(sd1, prompt, embeddings)
    assume(all(1 / USUAL_CHANGE < factor < USUAL_CHANGE for factor in factors))
    assert difference(sd1.conditioner.encode(prompt, embeddings).states, expected.states) == 0
