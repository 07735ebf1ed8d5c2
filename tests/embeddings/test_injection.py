"""The hook, compared with an encoder whose vocabulary contains the vectors: same output, and no trace afterwards."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel

from embeddings.injection import Placement, VectorInjector

WIDTH, VOCABULARY, BEGIN, END = 32, 200, 198, 199
IDS = torch.tensor([[BEGIN, 5, 6, 7, 8, 9, END, END], [BEGIN, 9, 8, 7, 6, 5, 4, END]])


def tiny_encoder(vocabulary: int = VOCABULARY) -> Any:
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=8, bos_token_id=BEGIN, eos_token_id=END, pad_token_id=END,
    )  # fmt: skip
    return CLIPTextModel(config).eval()


@pytest.fixture
def encoder(one_thread: None) -> Any:
    return tiny_encoder()


def vectors(count: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed)) * 0.02


@torch.no_grad()
def encode(encoder: Any, ids: torch.Tensor = IDS) -> torch.Tensor:
    return encoder(ids).last_hidden_state


@torch.no_grad()
def encode_with_added_tokens(encoder: Any, rows: torch.Tensor, offset: int) -> torch.Tensor:
    """The long way: append the vectors to the vocabulary, and use their ids in the first sequence."""
    larger = tiny_encoder(VOCABULARY + len(rows))
    state = encoder.state_dict()
    (name,) = [key for key in state if key.endswith("token_embedding.weight")]
    larger.load_state_dict({**state, name: torch.cat([state[name], rows])})
    ids = IDS.clone()
    ids[0, offset : offset + len(rows)] = torch.arange(VOCABULARY, VOCABULARY + len(rows))
    return larger(ids).last_hidden_state


@pytest.mark.parametrize(("count", "offset"), [(1, 1), (1, 5), (3, 1), (4, 2), (5, 1)])
def test_injected_vectors_act_as_if_they_were_in_the_vocabulary(encoder: Any, count: int, offset: int) -> None:
    rows = vectors(count)
    expected = encode_with_added_tokens(encoder, rows, offset)
    injector = VectorInjector(encoder)
    with injector.placing([[Placement(offset, rows)], []]):
        placed = encode(encoder)
    assert (placed - expected).abs().max() == 0
    assert torch.equal(placed[1], encode(encoder)[1])
    assert not torch.equal(placed[0], encode(encoder)[0])


def test_several_placements_share_a_sequence(encoder: Any) -> None:
    rows = vectors(4)
    injector = VectorInjector(encoder)
    with injector.placing([[Placement(1, rows)], []]):
        together = encode(encoder)
    with injector.placing([[Placement(3, rows[2:]), Placement(1, rows[:2])], []]):
        assert torch.equal(encode(encoder), together)


def test_outside_the_block_the_encoder_is_unchanged(encoder: Any) -> None:
    before = encode(encoder)
    injector = VectorInjector(encoder)
    assert torch.equal(encode(encoder), before)
    with injector.placing([[Placement(1, vectors(2))], []]):
        encode(encoder)
    assert torch.equal(encode(encoder), before)
    with injector.placing([[], []]):
        assert torch.equal(encode(encoder), before)


def test_an_error_inside_the_block_ends_the_injection(encoder: Any) -> None:
    before = encode(encoder)
    injector = VectorInjector(encoder)
    with pytest.raises(RuntimeError, match="stop"), injector.placing([[Placement(1, vectors(2))], []]):
        raise RuntimeError("stop")
    assert torch.equal(encode(encoder), before)


def test_an_inner_block_takes_precedence(encoder: Any) -> None:
    injector = VectorInjector(encoder)
    with injector.placing([[Placement(1, vectors(2))], []]):
        outer = encode(encoder)
        with injector.placing([[], []]):
            assert not torch.equal(encode(encoder), outer)
        assert torch.equal(encode(encoder), outer)


def test_weights_never_change_and_the_hook_can_be_removed(encoder: Any) -> None:
    state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    injector = VectorInjector(encoder)
    with injector.placing([[Placement(1, vectors(5))], []]):
        encode(encoder)
    assert all(torch.equal(tensor, state[name]) for name, tensor in encoder.state_dict().items())
    assert len(encoder.get_input_embeddings()._forward_hooks) == 1
    injector.remove()
    assert len(encoder.get_input_embeddings()._forward_hooks) == 0


def test_threads_do_not_see_each_others_placements(encoder: Any) -> None:
    injector = VectorInjector(encoder)
    alone = []
    for seed in range(4):
        with injector.placing([[Placement(1, vectors(3, seed))], []]):
            alone.append(encode(encoder))
    inside = Barrier(4)

    def work(seed: int) -> bool:
        with injector.placing([[Placement(1, vectors(3, seed))], []]):
            inside.wait(timeout=20)  # until all four threads are inside their blocks
            return all(torch.equal(encode(encoder), alone[seed]) for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [True] * 4


async def test_tasks_do_not_see_each_others_placements(encoder: Any) -> None:
    injector = VectorInjector(encoder)
    plain = encode(encoder)
    opened, seen = asyncio.Event(), asyncio.Event()

    async def place() -> torch.Tensor:
        with injector.placing([[Placement(1, vectors(3))], []]):
            opened.set()
            await seen.wait()
            return encode(encoder)

    async def watch() -> torch.Tensor:
        await opened.wait()
        states = encode(encoder)
        seen.set()
        return states

    placed, watched = await asyncio.gather(place(), watch())
    assert torch.equal(watched, plain)
    assert not torch.equal(placed, plain)


def test_gradients_reach_the_vectors_and_nothing_else(encoder: Any) -> None:
    encoder.requires_grad_(False)
    rows = vectors(2).requires_grad_()
    injector = VectorInjector(encoder)
    with injector.placing([[Placement(1, rows)], []]):
        encoder(IDS).last_hidden_state.pow(2).sum().backward()
    assert rows.grad is not None
    assert (rows.grad.abs().sum(dim=1) > 0).all()
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_vectors_are_cast_to_the_encoders_precision(encoder: Any) -> None:
    half = encoder.to(torch.bfloat16)
    injector = VectorInjector(half)
    with injector.placing([[Placement(1, vectors(2))], []]):
        placed = encode(half)
    assert placed.dtype is torch.bfloat16
    with injector.placing([[Placement(1, vectors(2).to(torch.bfloat16))], []]):
        assert torch.equal(encode(half), placed)


@pytest.mark.parametrize(
    ("batch", "error", "words"),
    [
        ([[Placement(1, vectors(2))]], ValueError, "placements for 1 sequences, but the batch has 2"),
        ([[Placement(1, vectors(2)[:, :-1])], []], RuntimeError, "size"),
        ([[Placement(6, vectors(3))], []], RuntimeError, "size"),
    ],
    ids=["batch", "width", "too long"],
)
def test_invalid_placements_raise_and_change_nothing(
    encoder: Any, batch: list[list[Placement]], error: type[Exception], words: str
) -> None:
    before = encode(encoder)
    injector = VectorInjector(encoder)
    with pytest.raises(error, match=words), injector.placing(batch):
        encode(encoder)
    assert torch.equal(encode(encoder), before)
