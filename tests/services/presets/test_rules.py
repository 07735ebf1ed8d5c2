"""What a preset may hold: all that could be drawn, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.errors import DoesNotFit, PromptTooLong, TooManyEmbeddings, UnknownName, UserError
from services.presets.rules import Missing
from services.requests import GenerationRequest
from tests.sentences.checkpoints import UNKNOWN_MODEL, UNKNOWN_SAMPLER
from tests.services.presets.house import PresetShelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> PresetShelf:
    return PresetShelf(tmp_path_factory.mktemp("presets"))


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"cfg": 99.0}, UserError, "CFG goes from 0 to 30, and 99 is outside"),
        ({"cfg": float("nan")}, UserError, "and nan is outside"),
        ({"cfg": 1.0, "embeddings": ("blur",)}, DoesNotFit, "At CFG 1 the negative prompt is not used"),
        ({"steps": 61}, UserError, "Steps must be a whole number from 1 to 50, and 61 is not"),
        ({"steps": 0}, UserError, "and 0 is not"),
        ({"count": 5}, UserError, "Count must be a whole number from 1 to 4"),
        ({"size": "wide"}, UserError, "'wide' is no size"),
        ({"size": "70x64"}, UserError, "try 64x64"),
        ({"size": "1024x1024", "model": "demo"}, UserError, "Demo takes sides from 48 to 96"),
        ({"sampler": "eulr"}, UnknownName, UNKNOWN_SAMPLER.format("eulr")),
        ({"model": "dmo"}, UnknownName, UNKNOWN_MODEL.format("dmo")),
        ({"model": "sdxl"}, UserError, "python -m bot install sdxl"),
        ({"embeddings": ("blurr",)}, UnknownName, "There is no embedding 'blurr' here"),
        ({"embeddings": ("blur:3",)}, UserError, "'3' is no strength for blur"),
        ({"embeddings": ("blur", "tint", "noise", "blur")}, TooManyEmbeddings, "leave out 1"),
        ({"embeddings": ("blur", "Blur:0.5")}, TooManyEmbeddings, "Blur stands twice"),
        ({"embeddings": ("EasyNegative",), "model": "demo"}, DoesNotFit, "trained for SD 1.5"),
        ({"negative": "blurry, " * 490}, PromptTooLong, "The negative prompt has"),
        ({"negative": "x" * 4001}, PromptTooLong, "at most 4000 characters"),
    ],
)
def test_what_could_not_be_drawn_is_refused(
    shelf: PresetShelf, settings: dict[str, Any], kind: type[UserError], words: str
) -> None:
    request = GenerationRequest(**settings)
    for trusted in (GenerationRequest(), GenerationRequest(steps=3, model="gone")):
        with pytest.raises(kind) as refusal:
            shelf.rules.settle(request, trusted=trusted)
        assert words in str(refusal.value)


def test_without_a_model_it_is_enough_that_some_installed_model_could_draw_it(shelf: PresetShelf) -> None:
    shelf.rules.settle(GenerationRequest(size="512x768", steps=60))
    shelf.rules.settle(GenerationRequest(size="48x48", embeddings=("blur",)))
    with pytest.raises(UserError, match="Demo takes sides from 48 to 96"):
        shelf.rules.settle(GenerationRequest(size="512x512", embeddings=("blur",)))
    with pytest.raises(UserError, match="Demo takes sides"):
        shelf.rules.settle(GenerationRequest(size="1536x1536"))


def test_what_comes_from_elsewhere_need_not_be_installed_but_must_be_possible(shelf: PresetShelf) -> None:
    settings: dict[str, Any]
    for settings in ({"size": "1536x1536"}, {"model": "sdxl", "size": "1024x1024"}, {"model": "gone", "steps": 60}):
        request = GenerationRequest(embeddings=("moss:0.5",), **settings)
        assert shelf.rules.settle(request, trusted=request) == request
    for settings in (
        {"cfg": 31.0},
        {"size": "4096x4096"},
        {"embeddings": ("a", "b", "c", "d")},
        {"embeddings": ("a:3",)},
    ):
        request = GenerationRequest(**settings)
        with pytest.raises(UserError):
            shelf.rules.settle(request, trusted=request)


def test_settings_are_stored_in_the_words_that_models_and_samplers_have(shelf: PresetShelf) -> None:
    typed = GenerationRequest(model=" DEMO ", sampler="Euler a", size=" 64 × 48 ", embeddings=(" blur : 0.50 ", "tint"))
    settled = GenerationRequest(model="demo", sampler="euler_a", size="64x48", embeddings=("blur:0.5", "tint"))
    assert shelf.rules.settle(typed) == settled
    assert shelf.rules.settle(settled) == settled


def test_a_preset_keeps_what_went_missing_and_takes_nothing_missing_anew(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    old = GenerationRequest(embeddings=("blur:0.5", "tint"), model="demo")
    shelf.remove("blur")
    assert shelf.rules.missing(old) == [Missing("embedding", "blur")]
    assert shelf.rules.settle(replace(old, cfg=7.0), trusted=old) == replace(old, cfg=7.0)
    with pytest.raises(UnknownName, match="There is no embedding 'blurr' here"):
        shelf.rules.settle(replace(old, embeddings=("blur", "blurr")), trusted=old)
    with pytest.raises(UnknownName, match="There is no embedding 'blur' here"):
        shelf.rules.settle(old, trusted=GenerationRequest())
