"""From request to plan: every choice made and checked, or one sentence that says what to do instead."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from services.checkpoints import CfgMode
from services.choices import EmbeddingChoice
from services.errors import DoesNotFit, NotInstalled, PromptTooLong, TooManyEmbeddings, UnknownName, UserError
from services.parameters import MAX_COUNT, MAX_SEED, GenerationParameters, PlanRecord
from services.planning.limits import MAX_CHUNKS
from services.planning.planner import Planner
from services.planning.sizes import parse_size
from services.requests import GenerationRequest
from services.samplers import SAMPLERS
from services.stock import EmbeddingLimits, Stock
from tests.builders import a_checkpoint, a_library, a_shelf, a_stock, an_entry, choices, embedding_file
from tests.refusals import refused
from tests.sentences.checkpoints import ASK_THE_OPERATOR, UNKNOWN_MODEL, UNKNOWN_SAMPLER
from tests.sentences.planning import (
    BAD_STRENGTH,
    KNOWN_EMBEDDING,
    LISTED_TWICE,
    NO_EFFECT_AT_CFG,
    NO_GUIDANCE,
    OUT_OF_BOUNDS,
    PROMPT_TOO_LONG,
    SAME_EMBEDDING,
    TRAINED_FOR,
    UNKNOWN_EMBEDDING,
)

PROMPT = "a red fish in the sea"
NOTHING_TO_DRAW = "Tell me what to draw, for example /imagine prompt:"
#: something that every refusal must contain: what to do next, or what there is to choose from
REMEDY = re.compile(
    r"leave|choose|try|write|shorten|must be|Installed:|These fit|Did you mean|for example|operator can install|its page is",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "blur-copy", seed=2)
    embedding_file(folder, "huge", vectors=75, seed=50)
    entries = [an_entry("watermark", strength=0.8), an_entry("smudge", source="https://example.org/smudge")]
    library = a_library(folder, ["watermark", "blur", "tint", "noise"], entries)
    shelf = a_shelf(
        tmp_path_factory.mktemp("checkpoints"),
        a_checkpoint(cfg=4.0, steps=20, max_steps=50, recommended=("watermark",), clip_skip=2),
        a_checkpoint("sd15", Architecture.SD1, recommended=("EasyNegative",)),
        a_checkpoint("turbo", cfg_mode=CfgMode.DISTILLED, cfg=1.0),
        missing=[a_checkpoint("sdxl", Architecture.SDXL)],
    )
    return a_stock(library, shelf)


@pytest.fixture(scope="module")
def planner(stock: Stock) -> Planner:
    return Planner(stock)


def plan(planner: Planner, **settings: Any) -> GenerationParameters:
    return planner.plan(GenerationRequest(**{"prompt": PROMPT, **settings})).parameters


def test_open_settings_are_filled_in_from_the_model(planner: Planner) -> None:
    made = plan(planner)
    assert (made.checkpoint, made.size, made.cfg, made.steps, made.count) == ("demo", "64x64", 4.0, 20, 1)
    assert (made.sampler, made.clip_skip, made.negative) == ("dpmpp_2m", 2, "")
    (placed,) = made.embeddings
    assert (placed.id, placed.strength, placed.label) == ("watermark", 0.8, "watermark:0.8")
    assert placed.vectors["clip_demo"].shape == (2, 96)
    assert 0 <= made.seed < MAX_SEED - MAX_COUNT
    assert plan(planner).seed != made.seed
    assert plan(planner, seed=-1).seed != plan(planner, seed=-1).seed, "-1 is any seed, as in A1111"


def test_given_settings_are_used(planner: Planner) -> None:
    made = plan(
        planner,
        prompt="  a cat ",
        negative=" blurry ",
        model="SD15",
        embeddings=choices("easynegative:1.2"),
        cfg=9.5,
        steps=7,
        size="512 × 768",
        seed=3,
        count=4,
        sampler="Euler a",
    )
    assert (made.prompt, made.negative, made.checkpoint) == ("a cat", "blurry", "sd15")
    assert [placed.label for placed in made.embeddings] == ["EasyNegative:1.2"]
    assert (made.cfg, made.steps, made.width, made.height, made.seed, made.count) == (9.5, 7, 512, 768, 3, 4)
    assert made.sampler == "euler_a"


def test_the_budget_counts_embeddings_and_both_prompts_have_the_same_number_of_chunks(planner: Planner) -> None:
    short = plan(planner, embeddings=choices("blur", "tint"), negative="blurry")
    assert short.negative_tokens > 4
    assert short.chunks == 1
    long = plan(planner, embeddings=choices("huge"), negative="blurry")
    assert long.chunks == 2
    assert long.negative_tokens == 75 + short.negative_tokens - 4
    assert long.prompt_tokens == short.prompt_tokens
    planned = planner.plan(GenerationRequest(prompt=PROMPT, embeddings=choices("huge")))
    assert planned.hints[0].text.startswith("huge fills")


def test_the_highest_seed_leaves_room_for_every_picture(planner: Planner) -> None:
    assert plan(planner, seed=MAX_SEED).seed == MAX_SEED
    assert plan(planner, seed=MAX_SEED - 3, count=4).seed == MAX_SEED - 3
    with refused(OUT_OF_BOUNDS.format(name="Seed", low=0, high=4294967292, value=4294967293)):
        plan(planner, seed=MAX_SEED - 2, count=4)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        (
            {"embeddings": choices("watermrak")},
            UnknownName,
            f"{UNKNOWN_EMBEDDING.format(name='watermrak')} These fit Demo: watermark",
        ),
        (
            {"embeddings": choices("smudge")},
            NotInstalled,
            KNOWN_EMBEDDING.format(name="smudge", how="its page is https://example.org/smudge"),
        ),
        (
            {"embeddings": choices("EasyNegative")},
            DoesNotFit,
            TRAINED_FOR.format(name="EasyNegative", architecture="SD 1.5"),
        ),
        ({"embeddings": choices("blur", "Blur:0.5")}, TooManyEmbeddings, LISTED_TWICE.format(name="blur")),
        (
            {"embeddings": choices("blur", "blur-copy")},
            TooManyEmbeddings,
            SAME_EMBEDDING.format(names="blur and blur-copy", first="blur"),
        ),
        ({"embeddings": choices("blur", "tint", "noise", "watermark")}, TooManyEmbeddings, "leave out 1"),
        ({"embeddings": choices("none")}, UserError, "at least 1 negative embedding"),
        ({"embeddings": choices("blur:nan")}, UserError, BAD_STRENGTH.format(name="blur", typed="nan")),
        ({"embeddings": choices("blur:3")}, UserError, BAD_STRENGTH.format(name="blur", typed="3")),
        ({"cfg": 1.0}, DoesNotFit, NO_EFFECT_AT_CFG.format(cfg=1, name="watermark")),
        ({"cfg": 0.0}, DoesNotFit, "Choose a CFG above 1; 4 suits Demo."),
        ({"cfg": float("nan")}, UserError, OUT_OF_BOUNDS.format(name="CFG", low=0, high=30, value="nan")),
        ({"cfg": -1.0}, UserError, "you gave -1."),
        ({"cfg": float("inf")}, UserError, "you gave inf."),
        ({"size": "70x64"}, UserError, "steps of 16; instead of 70x64 try 64x64"),
        ({"size": "64x2000"}, UserError, "try 64x96"),
        ({"size": "0x0"}, UserError, "try 48x48"),
        (
            {"size": "wide"},
            UserError,
            "Write the size as width x height, for example 64x64, or as 2:3, square, portrait or landscape; you gave 'wide'.",
        ),
        ({"size": "64"}, UserError, "you gave '64'."),
        ({"size": ""}, UserError, "you gave ''."),
        ({"steps": 0}, UserError, OUT_OF_BOUNDS.format(name="Steps", low=1, high=50, value=0)),
        ({"steps": 51}, UserError, "you gave 51."),
        ({"count": 0}, UserError, OUT_OF_BOUNDS.format(name="Count", low=1, high=4, value=0)),
        ({"count": 5}, UserError, "you gave 5."),
        ({"seed": -2}, UserError, OUT_OF_BOUNDS.format(name="Seed", low=0, high=MAX_SEED, value=-2)),
        ({"seed": MAX_SEED + 1}, UserError, "you gave 4294967296."),
        ({"prompt": "fish " * 1000}, PromptTooLong, PROMPT_TOO_LONG.format(which="prompt", tokens=1000)),
        ({"negative": "blurry, " * 625}, PromptTooLong, "The negative prompt has"),
        ({"prompt": ""}, UserError, NOTHING_TO_DRAW),
        ({"prompt": None}, UserError, NOTHING_TO_DRAW),
        ({"prompt": " \n\t "}, UserError, NOTHING_TO_DRAW),
        ({"prompt": "\x00"}, UserError, NOTHING_TO_DRAW),
        ({"model": "dmo"}, UnknownName, f"{UNKNOWN_MODEL.format(name='dmo')} demo"),
        ({"model": "sdxl"}, UserError, ASK_THE_OPERATOR),
        ({"model": "turbo"}, DoesNotFit, NO_GUIDANCE.format(model="Turbo")),
        ({"model": "turbo", "embeddings": choices("blur")}, DoesNotFit, NO_GUIDANCE.format(model="Turbo")),
        ({"sampler": "eular"}, UnknownName, UNKNOWN_SAMPLER.format(name="eular")),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_impossible_request_gets_one_sentence_that_says_what_to_do(
    planner: Planner, settings: dict[str, Any], kind: type[UserError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        plan(planner, **settings)
    sentence = str(caught.value)
    assert words in sentence
    assert REMEDY.search(sentence)
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_a_prompt_at_the_limit_is_accepted_and_a_token_more_is_not(planner: Planner) -> None:
    full = plan(planner, prompt="fish " * (MAX_CHUNKS * 75 - 1))
    per_word = full.prompt_tokens // (MAX_CHUNKS * 75 - 1)
    assert per_word == 1
    assert plan(planner, prompt="fish " * (MAX_CHUNKS * 75)).chunks == MAX_CHUNKS
    with refused(PROMPT_TOO_LONG.format(which="prompt", tokens=301), PromptTooLong):
        plan(planner, prompt="fish " * (MAX_CHUNKS * 75 + 1))


def test_pictures_without_embeddings_and_guidance_are_planned_if_the_operator_allows_them(stock: Stock) -> None:
    free = Planner(a_stock(stock.library, stock.shelf, limits=EmbeddingLimits(minimum=0)))
    assert plan(free, cfg=1.0).embeddings == ()
    assert plan(free, model="turbo").embeddings == ()


_texts = st.none() | st.text(max_size=40)
_names = st.sampled_from(["watermark", "blur", "tint", "EasyNegative", "none"]) | st.text(max_size=15)
_choices = st.builds(EmbeddingChoice, _names, st.none() | st.floats() | st.just(0.5))


@settings(max_examples=60)
@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "prompt": _texts,
            "negative": _texts,
            "model": st.sampled_from([None, "demo", "SD15", "turbo", "?"]),
            "embeddings": st.none() | st.lists(_choices, max_size=4).map(tuple),
            "cfg": st.none() | st.floats(),
            "steps": st.none() | st.integers(-5, 60),
            "size": _texts | st.just("64x96"),
            "seed": st.none() | st.integers(-2, 2**33),
            "count": st.none() | st.integers(-1, 6),
            "sampler": st.none() | st.sampled_from(sorted(SAMPLERS)) | st.text(max_size=9),
        },
    )
)
def test_any_request_gives_a_plan_that_can_be_rendered_or_a_sentence(
    planner: Planner, stock: Stock, options: dict[str, Any]
) -> None:
    sentence, made = "", None
    try:
        made = plan(planner, **options)
    except UserError as error:
        sentence = str(error)
    assert bool(sentence.strip()) == (made is None)
    if made is None:
        return
    checkpoint = stock.shelf.find(made.checkpoint)
    assert 1 <= len(made.embeddings) <= 3
    assert made.cfg > 1
    assert 1 <= made.chunks <= MAX_CHUNKS
    assert 0 <= made.seed <= made.seed + made.count - 1 <= MAX_SEED
    assert parse_size(made.size, checkpoint) == (made.width, made.height)
    vectors = {placed.content_hash: placed.vectors for placed in made.embeddings}
    assert made == PlanRecord.from_json(made.as_json()).with_vectors(vectors)


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_suggested_size_is_accepted(width: int, height: int) -> None:
    checkpoint = a_checkpoint()
    typed = f"{width}x{height}"
    try:
        taken = parse_size(typed, checkpoint)
    except UserError as error:
        suggested = re.search(r"try (\d+x\d+)\.", str(error))
    else:
        suggested = re.fullmatch("(.*)", f"{taken[0]}x{taken[1]}")
    assert suggested is not None
    near_width, near_height = parse_size(suggested[1], checkpoint)
    assert abs(near_width - min(max(width, 48), 96)) <= 8
    assert abs(near_height - min(max(height, 48), 96)) <= 8
