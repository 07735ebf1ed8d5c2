"""Our encoding against diffusers' where that is correct, and its own guarantees where diffusers has no equivalent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from transformers import CLIPTextModelWithProjection

from embeddings.architecture import Architecture
from services.engine.conditioning import LEAST_WEIGHT, USUAL_CHANGE, Conditioner
from services.engine.loader import LoadedCheckpoint
from tests.services.engine.stock import assert_same, difference, encoded_by, load_into
from tests.services.engine.tiny import placed

PROMPT, NEGATIVE = "a red fish in the sea", "blurry, low quality"
ByName = Callable[[str], Any]


@pytest.mark.parametrize("vectors", [1, 8])
@pytest.mark.parametrize("name", ["easyneg", "EasyNegative"])
def test_an_sd1_embedding_has_the_same_effect_as_in_diffusers(
    sd1: LoadedCheckpoint, reference_sd1: Any, vectors: int, name: str
) -> None:
    embedding = placed(Architecture.SD1, vectors, name=name)
    load_into(reference_sd1, embedding)
    positive, negative = encoded_by(reference_sd1, PROMPT, f"{name.lower()} {NEGATIVE}")
    assert_same(sd1.conditioner.encode(PROMPT), positive)
    assert_same(sd1.conditioner.encode(NEGATIVE, [embedding]), negative)
    assert difference(sd1.conditioner.encode(NEGATIVE).states, negative.states) > 0


@pytest.mark.parametrize("vectors", [1, 8])
@pytest.mark.parametrize("checkpoint", ["sd2", "sdxl"])
def test_an_sd2_or_sdxl_embedding_has_the_same_effect_as_in_diffusers(
    by_name: ByName, checkpoint: str, vectors: int
) -> None:
    loaded: LoadedCheckpoint = by_name(checkpoint)
    reference = by_name(f"reference_{checkpoint}")
    embedding = placed(loaded.checkpoint.architecture, vectors, name="UnaestheticXL")
    load_into(reference, embedding)
    positive, negative = encoded_by(reference, PROMPT, f"unaestheticxl {NEGATIVE}")
    assert_same(loaded.conditioner.encode(PROMPT), positive)
    assert_same(loaded.conditioner.encode(NEGATIVE, [embedding]), negative)
    assert (positive.pooled is not None) is (checkpoint == "sdxl")


def test_three_embeddings_come_before_the_words_in_their_order(sd1: LoadedCheckpoint, reference_sd1: Any) -> None:
    three = [placed(Architecture.SD1, n, seed=n, name=f"neg{chr(97 + n)}x") for n in (1, 4, 8)]
    for embedding in three:
        load_into(reference_sd1, embedding)
    _, negative = encoded_by(reference_sd1, PROMPT, f"{' '.join(embedding.id for embedding in three)} {NEGATIVE}")
    assert_same(sd1.conditioner.encode(NEGATIVE, three), negative)
    assert difference(sd1.conditioner.encode(NEGATIVE, three[::-1]).states, negative.states) > 0


@pytest.mark.parametrize("prompt", ["", PROMPT, "A Red FISH, in the sea.", "red " * 75])
@pytest.mark.parametrize("checkpoint", ["sd1", "sd2", "sdxl"])
def test_plain_prompts_are_encoded_the_same_as_in_diffusers(by_name: ByName, checkpoint: str, prompt: str) -> None:
    reference = by_name(f"reference_{checkpoint}")
    assert_same(by_name(checkpoint).conditioner.encode(prompt), encoded_by(reference, prompt, "x")[0])


def test_the_pooled_output_is_taken_at_the_end_token_whatever_id_the_config_gives_it(sdxl: LoadedCheckpoint) -> None:
    # SDXL ships with "eos_token_id": 2, which makes transformers look for the highest id; added tokens have higher ones
    pipe, embedding = sdxl.pipe, placed(Architecture.SDXL, 8)
    config = type(pipe.text_encoder_2.config).from_dict({**pipe.text_encoder_2.config.to_dict(), "eos_token_id": 2})
    legacy = CLIPTextModelWithProjection(config).eval()
    legacy.load_state_dict(pipe.text_encoder_2.state_dict())
    shipped = StableDiffusionXLPipeline(**{**pipe.components, "text_encoder_2": legacy})
    ours = Conditioner(Architecture.SDXL, shipped).encode(NEGATIVE, [embedding])
    assert_same(ours, sdxl.conditioner.encode(NEGATIVE, [embedding]))


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl", "demo"])
def test_a_strength_of_one_is_bit_identical_to_no_strength(by_name: ByName, checkpoint: str) -> None:
    loaded: LoadedCheckpoint = by_name(checkpoint)
    embedding = placed(loaded.checkpoint.architecture)
    conditioner = Conditioner(loaded.checkpoint.architecture, loaded.pipe)
    plain = conditioner.encode(NEGATIVE, [embedding])
    for weighted in (replace(embedding, strength=1.0), replace(embedding, strength=1)):
        assert_same(Conditioner(loaded.checkpoint.architecture, loaded.pipe).encode(NEGATIVE, [weighted]), plain)
    assert_same(conditioner.encode(f"({NEGATIVE}:1.0)", [embedding]), plain)


def by_a1111s_rule(states: torch.Tensor, weights: dict[int, float]) -> torch.Tensor:
    """Scale the encoder's output at these positions and restore the chunk's mean."""
    scales = torch.ones(1, states.shape[1], 1)
    for position, weight in weights.items():
        scales[0, position] = weight
    scaled = states * scales
    return scaled * (states.mean() / scaled.mean())


@pytest.mark.parametrize("strength", [0.0, 0.5, 0.8, 1.3, 2.0])
def test_a_strength_scales_the_embeddings_positions_and_restores_the_mean(
    sd1: LoadedCheckpoint, strength: float
) -> None:
    embedding = placed(Architecture.SD1, 4)
    plain = sd1.conditioner.encode(NEGATIVE, [embedding])
    ours = sd1.conditioner.encode(NEGATIVE, [replace(embedding, strength=strength)])
    expected = by_a1111s_rule(plain.states, dict.fromkeys(range(1, 5), strength))
    assert difference(ours.states, expected) <= 1e-6
    assert float(ours.states.mean()) == pytest.approx(float(plain.states.mean()), abs=1e-6)


def test_words_are_weighted_by_the_same_rule_as_embeddings(sd1: LoadedCheckpoint) -> None:
    plain = sd1.conditioner.encode("a red fish in the sea").states
    ours = sd1.conditioner.encode("a (red:1.5) fish [in the] (sea)").states
    expected = by_a1111s_rule(plain, {2: 1.5, 4: 1 / 1.1, 5: 1 / 1.1, 6: 1.1})
    assert difference(ours, expected) <= 1e-6


@pytest.mark.parametrize("weight", [-2.0, 0.0, 0.9, 1.1, 1.5, 4.0])
@pytest.mark.parametrize("word", [1, 4, 7])
def test_weights_do_no_harm_where_the_mean_says_nothing_about_magnitude(
    demo: LoadedCheckpoint, word: int, weight: float
) -> None:
    # the demo's positions have means of either sign that nearly cancel out, so their ratio may be anything
    words: list[str] = ["an", "orange", "star", "on", "a", "pink", "background"]
    plain = demo.conditioner.encode(" ".join(words)).states
    words[word - 1] = f"({words[word - 1]}:{weight})"
    ours = demo.conditioner.encode(" ".join(words)).states
    others = [position for position in range(77) if position != word]
    factors = ours[:, others] / plain[:, others]
    assert float(factors.min()) >= 1 / max(USUAL_CHANGE, weight) - 1e-5
    assert float(factors.max()) <= max(USUAL_CHANGE, 1 / max(LEAST_WEIGHT, weight)) + 1e-5
    assert difference(factors, factors.median().expand_as(factors)) <= 1e-4


def test_each_sdxl_encoder_restores_its_own_mean_and_the_pooled_output_is_not_weighted(sdxl: LoadedCheckpoint) -> None:
    embedding = placed(Architecture.SDXL, 4)
    plain = sdxl.conditioner.encode(NEGATIVE, [embedding])
    ours = sdxl.conditioner.encode(NEGATIVE, [replace(embedding, strength=0.6)])
    weights = dict.fromkeys(range(1, 5), 0.6)
    parts = [by_a1111s_rule(part, weights) for part in plain.states.split([768, 1280], dim=-1)]
    assert difference(ours.states, torch.cat(parts, dim=-1)) <= 1e-5
    assert ours.pooled is not None
    assert plain.pooled is not None
    assert torch.equal(ours.pooled, plain.pooled)


def test_a_long_prompt_is_encoded_chunk_by_chunk_without_truncation(sd1: LoadedCheckpoint) -> None:
    embedding = placed(Architecture.SD1, 8)
    long = sd1.conditioner.encode(f"{'red ' * 60}BREAK (sea:1.4)", [embedding], chunks=2).states
    assert long.shape == (1, 154, 768)
    assert difference(long[:, :77], sd1.conditioner.encode("red " * 60, [embedding]).states) <= 1e-5
    assert difference(long[:, 77:], sd1.conditioner.encode("(sea:1.4)").states) <= 1e-5


def test_an_embedding_that_does_not_fit_moves_to_the_next_chunk_as_a_whole(sd1: LoadedCheckpoint) -> None:
    small, large = placed(Architecture.SD1, 8), placed(Architecture.SD1, 75, seed=1)
    both = sd1.conditioner.encode("", [small, large], chunks=2).states
    assert difference(both[:, :77], sd1.conditioner.encode("", [small]).states) <= 1e-5
    assert difference(both[:, 77:], sd1.conditioner.encode("", [large]).states) <= 1e-5


@pytest.mark.parametrize("checkpoint", ["sd1", "sdxl"])
def test_the_shorter_prompt_is_padded_with_empty_chunks(by_name: ByName, checkpoint: str) -> None:
    conditioner = by_name(checkpoint).conditioner
    padded, short = conditioner.encode(PROMPT, chunks=3), conditioner.encode(PROMPT)
    empty = conditioner.encode("").states
    assert padded.states.shape[1] == 3 * 77
    for part, expected in zip(padded.states.split(77, dim=1), (short.states, empty, empty), strict=True):
        assert difference(part, expected) <= 1e-5
    if short.pooled is not None:  # the first chunk's
        assert difference(padded.pooled, short.pooled) <= 1e-5


@pytest.mark.parametrize("skip", [1, 2])
def test_clip_skip_on_sd1_counts_layers_from_the_end(sd1: LoadedCheckpoint, skip: int) -> None:
    encoder, tokenizer = sd1.pipe.text_encoder, sd1.pipe.tokenizer
    ids = tokenizer(NEGATIVE, padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        layers = encoder(ids, output_hidden_states=True).hidden_states
        expected = getattr(encoder, "text_model", encoder).final_layer_norm(layers[-skip])
    assert difference(sd1.conditioner.encode(NEGATIVE, clip_skip=skip).states, expected) == 0


def test_clip_skip_on_sdxl_equals_that_of_diffusers(sdxl: LoadedCheckpoint, reference_sdxl: Any) -> None:
    # diffusers counts from the layer that is used by default
    with torch.no_grad():
        expected = reference_sdxl.encode_prompt(PROMPT, device="cpu", do_classifier_free_guidance=False, clip_skip=1)[0]
    assert difference(sdxl.conditioner.encode(PROMPT, clip_skip=2).states, expected) == 0


def test_an_end_token_typed_into_a_prompt_does_not_end_it(sdxl: LoadedCheckpoint) -> None:
    # the pooled output depends on everything up to the end token, so it must depend on the words after the typed one
    one, other = (sdxl.conditioner.encode(f"red <|endoftext|> {word}") for word in ("fish", "tree"))
    assert one.pooled is not None
    assert other.pooled is not None
    assert difference(one.pooled, other.pooled) > 1e-6
