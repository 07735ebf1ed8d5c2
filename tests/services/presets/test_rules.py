"""What a preset may hold: everything that could be drawn, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.errors import DoesNotFit, PromptTooLong, TooManyEmbeddings, UnknownName, UserError
from services.presets.rules import Missing
from services.requests import GenerationRequest
from tests.builders import choices
from tests.refusals import refused
from tests.sentences.checkpoints import ASK_THE_OPERATOR, SIDES, UNKNOWN_MODEL, UNKNOWN_SAMPLER
from tests.sentences.planning import (
    BAD_STRENGTH,
    LISTED_TWICE,
    NO_EFFECT_AT_CFG,
    OUT_OF_BOUNDS,
    TRAINED_FOR,
    UNKNOWN_EMBEDDING,
)
from tests.services.presets.bench import PresetBench

DEMO_SIDES = SIDES.format(model="Demo", low=48, high=96)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> PresetBench:
    return PresetBench(tmp_path_factory.mktemp("presets"))


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"cfg": 99.0}, UserError, OUT_OF_BOUNDS.format(name="CFG", low=0, high=30, value=99)),
        ({"cfg": float("nan")}, UserError, "you gave nan"),
        ({"cfg": 1.0, "embeddings": choices("blur")}, DoesNotFit, NO_EFFECT_AT_CFG.format(cfg=1, name="Blur")),
        ({"steps": 61}, UserError, OUT_OF_BOUNDS.format(name="Steps", low=1, high=50, value=61)),
        ({"steps": 0}, UserError, "you gave 0"),
        ({"count": 5}, UserError, OUT_OF_BOUNDS.format(name="Count", low=1, high=4, value=5)),
        ({"size": "wide"}, UserError, "you gave 'wide'"),
        ({"size": "70x64"}, UserError, "try 64x64"),
        ({"size": "1024x1024", "model": "demo"}, UserError, DEMO_SIDES),
        ({"sampler": "eulr"}, UnknownName, UNKNOWN_SAMPLER.format(name="eulr")),
        ({"model": "dmo"}, UnknownName, UNKNOWN_MODEL.format(name="dmo")),
        ({"model": "sdxl"}, UserError, ASK_THE_OPERATOR),
        ({"embeddings": choices("blurr")}, UnknownName, UNKNOWN_EMBEDDING.format(name="blurr")),
        ({"embeddings": choices("blur:3")}, UserError, BAD_STRENGTH.format(name="blur", typed="3")),
        ({"embeddings": choices("blur", "tint", "noise", "blur")}, TooManyEmbeddings, "leave out 1"),
        ({"embeddings": choices("blur", "Blur:0.5")}, TooManyEmbeddings, LISTED_TWICE.format(name="Blur")),
        (
            {"embeddings": choices("EasyNegative"), "model": "demo"},
            DoesNotFit,
            TRAINED_FOR.format(name="EasyNegative", architecture="SD 1.5"),
        ),
        ({"negative": "blurry, " * 490}, PromptTooLong, "The negative prompt has"),
        ({"negative": "x" * 4001}, PromptTooLong, "texts can have 4,000 characters each"),
    ],
)
def test_a_preset_that_could_not_be_drawn_is_refused(
    bench: PresetBench, settings: dict[str, Any], kind: type[UserError], words: str
) -> None:
    request = GenerationRequest(**settings)
    for trusted in (GenerationRequest(), GenerationRequest(steps=3, model="gone")):
        with refused(words, kind):
            bench.rules.settle(request, trusted=trusted)


def test_without_a_model_it_is_enough_that_one_installed_model_could_draw_it(bench: PresetBench) -> None:
    bench.rules.settle(GenerationRequest(size="512x768", steps=60))
    bench.rules.settle(GenerationRequest(size="48x48", embeddings=choices("blur")))
    with refused(DEMO_SIDES):
        bench.rules.settle(GenerationRequest(size="512x512", embeddings=choices("blur")))
    with refused(DEMO_SIDES):
        bench.rules.settle(GenerationRequest(size="1536x1536"))


@pytest.mark.parametrize(
    "settings", [{"size": "1536x1536"}, {"model": "sdxl", "size": "1024x1024"}, {"model": "gone", "steps": 60}]
)
def test_a_preset_from_another_server_may_need_what_is_not_installed(
    bench: PresetBench, settings: dict[str, Any]
) -> None:
    request = GenerationRequest(embeddings=choices("moss:0.5"), **settings)
    assert bench.rules.settle(request, trusted=request) == request


@pytest.mark.parametrize(
    "settings",
    [
        {"cfg": 31.0},
        {"size": "4096x4096"},
        {"embeddings": choices("a", "b", "c", "d")},
        {"embeddings": choices("a:3")},
        {"negative": "(smudge:3)"},
    ],
)
def test_a_preset_from_another_server_must_still_be_possible(bench: PresetBench, settings: dict[str, Any]) -> None:
    request = GenerationRequest(**settings)
    with pytest.raises(UserError):
        bench.rules.settle(request, trusted=request)


def test_settings_are_stored_under_the_names_that_models_and_samplers_have(bench: PresetBench) -> None:
    typed = GenerationRequest(
        model=" DEMO ", sampler="Euler a", size=" 64 × 48 ", embeddings=choices("blur:0.50", "tint")
    )
    settled = GenerationRequest(model="demo", sampler="euler_a", size="64x48", embeddings=choices("blur:0.5", "tint"))
    assert bench.rules.settle(typed) == settled
    assert bench.rules.settle(settled) == settled


def test_a_preset_keeps_what_was_uninstalled_but_gets_nothing_else_that_is_missing(tmp_path: Path) -> None:
    bench = PresetBench(tmp_path)
    old = GenerationRequest(embeddings=choices("noise:0.5", "tint"), model="demo")
    bench.uninstall("noise")
    assert bench.rules.missing(old) == [Missing("embedding", "noise")]
    assert bench.rules.settle(replace(old, cfg=7.0), trusted=old) == replace(old, cfg=7.0)
    with refused(UNKNOWN_EMBEDDING.format(name="noisee"), UnknownName):
        bench.rules.settle(replace(old, embeddings=choices("noise", "noisee")), trusted=old)
    with refused(UNKNOWN_EMBEDDING.format(name="noise"), UnknownName):
        bench.rules.settle(old, trusted=GenerationRequest())


def test_asking_for_no_embedding_is_never_missing(bench: PresetBench) -> None:
    assert bench.rules.missing(GenerationRequest(embeddings=choices("none"))) == []
