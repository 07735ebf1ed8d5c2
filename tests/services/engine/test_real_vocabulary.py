"""Equality with diffusers' loader, using CLIP's full vocabulary and well-known embedding names in lower case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.loader import load_checkpoint
from services.prompting.tokens import tokenizer_function
from tests.builders import a_checkpoint
from tests.services.engine.conftest import CPU
from tests.services.engine.stock import assert_same, encoded_by, load_into, stock_pipeline
from tests.services.engine.tiny import placed, save_sd1, save_sd2, save_sdxl
from tests.services.engine.vocabulary import SIZE, clip_tokenizer

SAVE: dict[Architecture, Callable[..., Path]] = {
    Architecture.SD1: save_sd1,
    Architecture.SD2: save_sd2,
    Architecture.SDXL: save_sdxl,
}
PROMPT = "a photo of an astronaut riding a horse, 8k"
NEGATIVE = "low quality, extra fingers"


def test_the_vocabulary_is_clips() -> None:
    """These ids for this sentence appear in every explanation of CLIP."""
    tokenizer = clip_tokenizer()
    assert len(tokenizer) == SIZE
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer_function(tokenizer)(",") == [267]


@pytest.mark.parametrize(
    "kind",
    [Architecture.SD1, *(pytest.param(kind, marks=pytest.mark.slow) for kind in (Architecture.SD2, Architecture.SDXL))],
)
def test_an_embedding_has_the_same_effect_as_in_diffusers(tmp_path: Path, kind: Architecture) -> None:
    folder = SAVE[kind](tmp_path / kind.value, clip_tokenizer)
    loaded = load_checkpoint(a_checkpoint(kind.value, kind), Installation.in_folder(folder), CPU)
    reference = stock_pipeline(folder)
    assert len(reference.tokenizer) == SIZE
    one, eight = placed(kind, 1, seed=1, name="badhandv4"), placed(kind, 8, seed=2, name="easynegative")
    for embedding in (one, eight):
        load_into(reference, embedding)
    for embeddings in ((one,), (eight,), (one, eight)):
        mentions = " ".join(embedding.id for embedding in embeddings)
        positive, negative = encoded_by(reference, PROMPT, f"{mentions} {NEGATIVE}")
        assert_same(loaded.conditioner.encode(PROMPT), positive)
        assert_same(loaded.conditioner.encode(NEGATIVE, embeddings), negative)
