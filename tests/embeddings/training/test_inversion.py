"""Textual inversion on the demo checkpoint: it learns a flaw in a few steps, reports failure, and changes no weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.inversions import bad_pictures
from embeddings.architecture import Architecture
from embeddings.errors import TrainingFailed
from embeddings.training.inversion import TrainingResult, TrainingSettings, train_embedding

QUICK = TrainingSettings(vectors=2, steps=16, batch=4)

Set = tuple[NDArray[np.uint8], list[str]]


def state_of(pipe: Any) -> tuple[str, tuple[Any, ...]]:
    """A hash of all weights and of the vocabulary, and anything else that training could leave changed."""
    # the tokenizer remembers its last padding and truncation settings, which don't matter here
    vocabulary = {**json.loads(pipe.tokenizer.backend_tokenizer.to_str()), "padding": None, "truncation": None}
    digest = hashlib.sha256(json.dumps(vocabulary, sort_keys=True).encode())
    for part in (pipe.text_encoder, pipe.unet, pipe.vae):
        for name, tensor in part.state_dict().items():
            digest.update(name.encode() + tensor.numpy().tobytes())
    parts = (pipe.text_encoder, pipe.unet, pipe.vae)
    trainable = tuple(parameter.requires_grad for part in parts for parameter in part.parameters())
    gradients = sum(parameter.grad is not None for part in parts for parameter in part.parameters())
    hooks = len(pipe.text_encoder.get_input_embeddings()._forward_hooks)
    return digest.hexdigest(), (
        trainable,
        gradients,
        hooks,
        type(pipe.scheduler),
        tuple(part.training for part in parts),
    )


@pytest.fixture(scope="module")
def washed_out() -> Set:
    return bad_pictures(("washed out",), 16)


@pytest.fixture(scope="module")
def trained(demo_pipe: Any, washed_out: Set) -> tuple[TrainingResult, list[tuple[int, int, float]], bool]:
    before, steps = state_of(demo_pipe), []
    result = train_embedding(demo_pipe, Architecture.DEMO, *washed_out, QUICK, lambda *step: steps.append(step))
    return result, steps, state_of(demo_pipe) == before


def test_a_few_steps_lower_the_loss(trained: tuple[TrainingResult, Any, bool]) -> None:
    result = trained[0]
    assert result.loss_after < 0.9 * result.loss_before
    assert result.progress == pytest.approx(1 - result.loss_after / result.loss_before)


def test_the_result_is_an_embedding_of_the_checkpoint(trained: tuple[TrainingResult, Any, bool]) -> None:
    embedding = trained[0].embedding
    assert embedding.architecture is Architecture.DEMO
    (vectors,) = embedding.vectors.values()
    assert vectors.shape == (2, 96)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert not np.array_equal(vectors[0], vectors[1])


def test_every_step_is_reported(trained: tuple[Any, list[tuple[int, int, float]], bool]) -> None:
    reported = trained[1]
    assert [(step, steps) for step, steps, _ in reported] == [(step + 1, 16) for step in range(16)]
    assert all(np.isfinite(loss) and loss > 0 for _, _, loss in reported)


def test_the_checkpoint_isnt_changed(trained: tuple[Any, Any, bool]) -> None:
    assert trained[2]


def test_the_same_seed_gives_the_same_vectors(demo_pipe: Any, washed_out: Set) -> None:
    short = replace(QUICK, steps=8, batch=2)
    results = [train_embedding(demo_pipe, Architecture.DEMO, *washed_out, short) for _ in range(2)]
    assert results[0].embedding.content_hash == results[1].embedding.content_hash


def test_a_failed_training_raises_and_restores_the_checkpoint(demo_pipe: Any) -> None:
    before = state_of(demo_pipe)
    noise = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    with pytest.raises(TrainingFailed) as failed:
        train_embedding(demo_pipe, Architecture.DEMO, noise, [""] * 6, TrainingSettings(steps=1, batch=2))
    assert str(failed.value).startswith("The loss didn't fall enough (")
    assert "so the embedding would have no effect" in str(failed.value)
    assert state_of(demo_pipe) == before


def test_an_interrupted_training_restores_the_checkpoint(demo_pipe: Any, washed_out: Set) -> None:
    before = state_of(demo_pipe)

    def stop(step: int, steps: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_embedding(demo_pipe, Architecture.DEMO, *washed_out, replace(QUICK, batch=1), stop)
    assert state_of(demo_pipe) == before


def test_an_error_while_encoding_restores_the_checkpoint(demo_pipe: Any) -> None:
    before = state_of(demo_pipe)
    with pytest.raises(RuntimeError):
        train_embedding(demo_pipe, Architecture.DEMO, np.zeros((1, 64, 64, 4), np.uint8), [""], QUICK)
    assert state_of(demo_pipe) == before


def test_a_loss_of_nan_is_a_failure(demo_pipe: Any, washed_out: Set) -> None:
    with pytest.raises(TrainingFailed):
        train_embedding(
            demo_pipe, Architecture.DEMO, *washed_out, replace(QUICK, steps=2, batch=1, learning_rate=float("inf"))
        )


@pytest.mark.parametrize(
    ("settings", "count", "captions"),
    [
        (replace(QUICK, vectors=0), 2, 2),
        (replace(QUICK, vectors=76), 2, 2),
        (replace(QUICK, steps=0), 2, 2),
        (replace(QUICK, batch=0), 2, 2),
        (QUICK, 2, 1),
        (QUICK, 0, 0),
    ],
)
def test_invalid_settings_are_refused_before_anything_is_done(
    demo_pipe: Any, settings: TrainingSettings, count: int, captions: int
) -> None:
    before = state_of(demo_pipe)
    with pytest.raises(ValueError, match="at least one"):
        train_embedding(
            demo_pipe, Architecture.DEMO, np.zeros((count, 64, 64, 3), np.uint8), ["a fish"] * captions, settings
        )
    assert state_of(demo_pipe) == before


def test_an_architecture_with_two_encoders_is_refused(demo_pipe: Any, washed_out: Set) -> None:
    with pytest.raises(ValueError, match="one text encoder"):
        train_embedding(demo_pipe, Architecture.SDXL, *washed_out, QUICK)


@pytest.mark.parametrize("vectors", [1, 74, 75])
def test_vectors_and_captions_fit_into_the_encoder(demo_pipe: Any, vectors: int) -> None:
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    settings = TrainingSettings(vectors=vectors, steps=1, batch=1, learning_rate=1e-9)
    with pytest.raises(TrainingFailed):  # nothing is learnt, but no sequence was too long for the encoder
        train_embedding(demo_pipe, Architecture.DEMO, picture, ["a red fish in the sea"], settings)
