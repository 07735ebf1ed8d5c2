"""Faults of diffusers and transformers that our encoding avoids.

Each test first shows that the installed versions still have the fault. If that part fails, the fault has been fixed upstream, and
our workaround can be reconsidered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from transformers import CLIPTextModelWithProjection

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioner, Conditioning
from services.engine.loader import LoadedCheckpoint
from services.parameters import PlacedEmbedding
from tests.services.engine.stock import assert_same, difference, encoded_by, load_into, stock_pipeline
from tests.services.engine.tiny import placed

PROMPT, NEGATIVE = "a red fish in the sea", "blurry, low quality"


def negative_of(pipe: Any, text: str) -> Conditioning:
    return encoded_by(pipe, PROMPT, text)[1]


def only_first_vector(embedding: PlacedEmbedding) -> PlacedEmbedding:
    vectors = {encoder: rows[:1] for encoder, rows in embedding.vectors.items()}
    return replace(embedding, num_vectors=1, content_hash="first vector only", vectors=vectors)


@pytest.mark.parametrize(
    ("checkpoint", "typed"),
    [("sd1", "EasyNegative"), ("sd1", "easynegative"), ("sd1", "EASYNEGATIVE"), ("sdxl", "EasyNegative")],
)
def test_diffusers_keeps_one_of_eight_vectors_for_a_name_with_capitals_and_we_keep_all(
    by_name: Callable[[str], Any], checkpoint: str, typed: str
) -> None:
    loaded, stock, right = (by_name(f"{prefix}{checkpoint}") for prefix in ("", "reference_", "other_"))
    embedding = placed(loaded.checkpoint.architecture, 8, name=typed)
    load_into(stock, embedding, token="EasyNegative")
    load_into(right, embedding, token="easynegative")
    truncated, whole = negative_of(stock, f"{typed} {NEGATIVE}"), negative_of(right, f"easynegative {NEGATIVE}")
    assert_same(truncated, loaded.conditioner.encode(NEGATIVE, [only_first_vector(embedding)]))
    assert difference(truncated.states, whole.states) > 0.01
    assert_same(loaded.conditioner.encode(NEGATIVE, [embedding]), whole)


@pytest.fixture
def other_sd1(sd1_folder: Path) -> Any:
    return stock_pipeline(sd1_folder)


@pytest.fixture
def other_sdxl(sdxl_folder: Path) -> Any:
    return stock_pipeline(sdxl_folder)


def test_diffusers_keeps_one_vector_for_a_lower_case_name_typed_with_capitals(
    sd1: LoadedCheckpoint, reference_sd1: Any
) -> None:
    embedding = placed(Architecture.SD1, 8, name="badhandv4")
    load_into(reference_sd1, embedding)
    assert_same(
        negative_of(reference_sd1, f"BadHandV4 {NEGATIVE}"),
        sd1.conditioner.encode(NEGATIVE, [only_first_vector(embedding)]),
    )


def test_diffusers_confuses_a_name_with_a_longer_one_that_contains_it_and_we_do_not(
    sd1: LoadedCheckpoint, reference_sd1: Any, other_sd1: Any
) -> None:
    artist = placed(Architecture.SD1, 2, seed=1, name="bad-artist")
    anime = placed(Architecture.SD1, 2, seed=2, name="bad-artist-anime")
    for embedding in (artist, anime):
        load_into(reference_sd1, embedding)
    # asked for both, diffusers uses the first twice and ignores the second's vectors, whatever they are
    both = negative_of(reference_sd1, "bad-artist, bad-artist-anime")
    load_into(other_sd1, artist)
    load_into(other_sd1, placed(Architecture.SD1, 2, seed=3, name="bad-artist-anime"))
    assert_same(both, negative_of(other_sd1, "bad-artist, bad-artist-anime"))
    # ours are selected instead of searched for in the text, so the result is the same as with unrelated names
    for embedding, token in ((artist, "xqone"), (anime, "xqtwo")):
        load_into(other_sd1, embedding, token=token)
    assert_same(sd1.conditioner.encode(NEGATIVE, [artist, anime]), negative_of(other_sd1, f"xqone xqtwo {NEGATIVE}"))


def test_diffusers_finds_a_name_inside_a_word_and_we_do_not(
    sd1: LoadedCheckpoint, reference_sd1: Any, other_sd1: Any
) -> None:
    text = "an uneasynegatives thing"  # a word that happens to contain the name
    before = negative_of(reference_sd1, text)
    embedding = placed(Architecture.SD1, 1, name="easyneg")
    load_into(reference_sd1, embedding)
    assert difference(negative_of(reference_sd1, text).states, before.states) > 0.01
    # for us it remains a word, with and without the embedding
    assert_same(sd1.conditioner.encode(text), before)
    load_into(other_sd1, embedding, token="xqone")
    assert_same(sd1.conditioner.encode(text, [embedding]), negative_of(other_sd1, f"xqone {text}"))


@pytest.fixture
def shipped_sdxl(reference_sdxl: Any) -> Any:
    """A stock pipeline whose second encoder has the end token id of SDXL's own configuration: 2."""
    encoder = reference_sdxl.text_encoder_2
    config = type(encoder.config).from_dict({**encoder.config.to_dict(), "eos_token_id": 2})
    legacy = CLIPTextModelWithProjection(config).eval()
    legacy.load_state_dict(encoder.state_dict())
    return StableDiffusionXLPipeline(**{**reference_sdxl.components, "text_encoder_2": legacy})


@torch.no_grad()
def pooled_by_hand(pipe: Any, text: str) -> torch.Tensor:
    """The second encoder's pooled output as it would be at every position. Shape: (77, width)."""
    tokenizer, encoder = pipe.tokenizer_2, pipe.text_encoder_2
    converted = pipe.maybe_convert_prompt(text, tokenizer)
    ids = tokenizer(converted, padding="max_length", max_length=77, return_tensors="pt").input_ids
    last = encoder(ids, output_hidden_states=True).hidden_states[-1]
    return encoder.text_projection(encoder.text_model.final_layer_norm(last))[0]


@pytest.mark.parametrize("vectors", [1, 8])
def test_transformers_takes_the_pooled_output_at_an_added_token_and_we_take_it_at_the_end(
    shipped_sdxl: Any, vectors: int
) -> None:
    embedding = placed(Architecture.SDXL, vectors, name="unaestheticxl")
    ours = Conditioner(Architecture.SDXL, shipped_sdxl).encode(NEGATIVE, [embedding])
    words = len(shipped_sdxl.tokenizer(NEGATIVE, add_special_tokens=False).input_ids)
    load_into(shipped_sdxl, embedding)
    text = f"unaestheticxl {NEGATIVE}"
    theirs, everywhere = negative_of(shipped_sdxl, text), pooled_by_hand(shipped_sdxl, text)
    assert theirs.pooled is not None
    assert ours.pooled is not None
    # the added tokens start at position 1 and have the highest ids, which transformers takes for the end token
    assert difference(theirs.pooled[0], everywhere[vectors]) <= 1e-5
    assert difference(theirs.pooled[0], everywhere[1 + vectors + words]) > 0.01
    assert difference(ours.pooled[0], everywhere[1 + vectors + words]) <= 1e-5
    # the states are correct in both
    assert difference(ours.states, theirs.states) == 0


class LogRecorder(logging.Handler):
    """Records the libraries' log messages."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def log() -> Any:
    handler = LogRecorder()
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl"])
def test_diffusers_silently_drops_the_tail_of_a_long_negative_and_we_use_it(
    by_name: Callable[[str], Any], checkpoint: str, log: LogRecorder
) -> None:
    loaded, stock = by_name(checkpoint), by_name(f"reference_{checkpoint}")
    embedding = placed(loaded.checkpoint.architecture, 75, name="deepnegative")
    load_into(stock, embedding)
    one, other = (f"deepnegative {tail}" for tail in ("blurry", "low quality"))
    log.messages.clear()
    assert_same(negative_of(stock, one), negative_of(stock, other))
    assert not log.messages
    encoded_by(stock, one, "")  # a positive prompt is truncated as well, but with a warning
    assert any("truncated" in message for message in log.messages)
    ours = [loaded.conditioner.encode(tail, [embedding]) for tail in ("blurry", "low quality")]
    assert [encoded.states.shape[1] for encoded in ours] == [2 * 77, 2 * 77]
    assert difference(ours[0].states[:, :77], negative_of(stock, "deepnegative").states) <= 1e-5
    for encoded, tail in zip(ours, ("blurry", "low quality"), strict=True):
        assert difference(encoded.states[:, 77:], negative_of(stock, tail).states) <= 1e-5


@torch.no_grad()
def by_hand(loaded: LoadedCheckpoint, text: str, layer: int, *, norm: bool) -> torch.Tensor:
    """Every encoder's hidden state, `layer` from the end, with or without the final layer norm, concatenated."""
    states: list[torch.Tensor] = []
    for tokenizer, part in loaded.checkpoint.architecture.facts.parts:
        encoder = getattr(loaded.pipe, part)
        ids = getattr(loaded.pipe, tokenizer)(text, padding="max_length", max_length=77, return_tensors="pt").input_ids
        state = encoder(ids, output_hidden_states=True).hidden_states[-layer]
        states.append(getattr(encoder, "text_model", encoder).final_layer_norm(state) if norm else state)
    return torch.cat(states, dim=-1)


@pytest.mark.parametrize("checkpoint", ["sd1", "sd2"])
def test_clip_skip_crashes_diffusers_on_sd1_and_works_here(by_name: Callable[[str], Any], checkpoint: str) -> None:
    loaded, stock = by_name(checkpoint), by_name(f"reference_{checkpoint}")
    with pytest.raises(AttributeError, match="text_model"):
        encoded_by(stock, PROMPT, NEGATIVE, clip_skip=1)
    for skip in (1, 2, 3):
        ours = loaded.conditioner.encode(NEGATIVE, clip_skip=skip)
        assert difference(ours.states, by_hand(loaded, NEGATIVE, skip, norm=True)) == 0


def test_diffusers_applies_clip_skip_to_the_positive_prompt_only_and_we_to_both(
    sdxl: LoadedCheckpoint, reference_sdxl: Any
) -> None:
    # diffusers counts from the layer that is used by default; A1111 and we count it as 1
    plain = encoded_by(reference_sdxl, PROMPT, NEGATIVE)
    skipped = encoded_by(reference_sdxl, PROMPT, NEGATIVE, clip_skip=1)
    assert difference(skipped[0].states, plain[0].states) > 0.01
    assert_same(skipped[1], plain[1])
    for text in (PROMPT, NEGATIVE):
        for skip in (1, 2):
            ours = sdxl.conditioner.encode(text, clip_skip=skip)
            assert difference(ours.states, by_hand(sdxl, text, skip + 1, norm=False)) == 0
    assert difference(sdxl.conditioner.encode(PROMPT, clip_skip=2).states, skipped[0].states) == 0
