"""From wish to plan: every choice made and checked, or one sentence that says what to do instead."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.architecture import Architecture
from embeddings.library import Library
from services.checkpoints import CfgMode, Shelf
from services.errors import DoesNotFit, PromptTooLong, TooManyEmbeddings, UnknownName, UserError
from services.parameters import MAX_COUNT, MAX_SEED, GenerationParameters, PlanRecord
from services.planning.limits import MAX_CHUNKS, parse_size
from services.planning.picks import EmbeddingLimits
from services.planning.planner import Planner
from services.requests import GenerationRequest
from services.samplers import SAMPLERS
from tests.builders import a_checkpoint, a_library, a_shelf, an_entry, embedding_file
from tests.sentences.checkpoints import UNKNOWN_MODEL, UNKNOWN_SAMPLER

PROMPT = "a red fish in the sea"
#: something that every refusal must contain: what to do next, or what there is to choose from
REMEDY = re.compile(
    r"leave|choose|try|write|shorten|Installed:|These fit|Perhaps|Say what to draw|python -m bot install|its page is"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("embeddings")
    embedding_file(folder, "EasyNegative", Architecture.SD1, vectors=8)
    embedding_file(folder, "blur-copy", seed=2)
    embedding_file(folder, "huge", vectors=75, seed=50)
    entries = [an_entry("watermark", strength=0.8), an_entry("smudge", source="https://example.org/smudge")]
    return a_library(folder, ["watermark", "blur", "tint", "noise"], entries)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return a_shelf(
        tmp_path_factory.mktemp("checkpoints"),
        a_checkpoint(cfg=4.0, steps=20, max_steps=50, recommended=("watermark",), clip_skip=2),
        a_checkpoint("sd15", Architecture.SD1, recommended=("EasyNegative",)),
        a_checkpoint("turbo", cfg_mode=CfgMode.DISTILLED, cfg=1.0),
        missing=[a_checkpoint("sdxl", Architecture.SDXL)],
    )


@pytest.fixture(scope="module")
def planner(shelf: Shelf, library: Library) -> Planner:
    return Planner(shelf=shelf, library=library, limits=EmbeddingLimits(), default_model="demo")


def plan(planner: Planner, **wish: Any) -> GenerationParameters:
    return planner.plan(GenerationRequest(**{"prompt": PROMPT, **wish})).parameters


def test_what_is_left_open_is_filled_in_from_the_model(planner: Planner) -> None:
    made = plan(planner)
    assert (made.checkpoint, made.size, made.cfg, made.steps, made.count) == ("demo", "64x64", 4.0, 20, 1)
    assert (made.sampler, made.clip_skip, made.negative) == ("dpmpp_2m", 2, "")
    (placed,) = made.embeddings
    assert (placed.id, placed.strength, placed.label) == ("watermark", 0.8, "watermark:0.8")
    assert placed.vectors["clip_demo"].shape == (2, 96)
    assert 0 <= made.seed < MAX_SEED - MAX_COUNT
    assert plan(planner).seed != made.seed


def test_what_is_named_is_taken(planner: Planner) -> None:
    made = plan(
        planner, prompt="  a cat ", negative=" blurry ", model="SD15", embeddings=("easynegative:1.2",), cfg=9.5,
        steps=7, size="512 × 768", seed=3, count=4, sampler="Euler a",
    )  # fmt: skip
    assert (made.prompt, made.negative, made.checkpoint) == ("a cat", "blurry", "sd15")
    assert [placed.label for placed in made.embeddings] == ["EasyNegative:1.2"]
    assert (made.cfg, made.steps, made.width, made.height, made.seed, made.count) == (9.5, 7, 512, 768, 3, 4)
    assert made.sampler == "euler_a"


def test_embeddings_named_in_the_negative_prompt_are_placed_first_with_the_weight_of_their_brackets(
    planner: Planner,
) -> None:
    made = plan(planner, embeddings=("tint",), negative="blurry, (BLUR:0.8), watermark, (ugly:1.2)")
    assert [placed.label for placed in made.embeddings] == ["tint", "blur:0.8", "watermark"]
    assert made.negative == "blurry, (ugly:1.2)"
    same = plan(planner, embeddings=("tint", "blur:0.8", "watermark:1"), negative="blurry, (ugly:1.2)")
    assert (made.negative_tokens, made.chunks) == (same.negative_tokens, same.chunks)


@pytest.mark.parametrize(
    ("negative", "sentence"),
    [
        ("(blur:3), ugly", "write a number from 0 to 2"),
        ("EasyNegative", "cannot work with"),
        ("blur, tint, watermark, huge", "That makes 4 embeddings"),
        ("(blur:0.5), blur", "blur stands twice"),
    ],
)
def test_the_rules_hold_for_embeddings_named_in_the_negative_prompt_too(
    planner: Planner, negative: str, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        plan(planner, negative=negative)


def test_embeddings_come_first_in_the_budget_and_both_prompts_have_the_same_chunks(planner: Planner) -> None:
    short = plan(planner, embeddings=("blur", "tint"), negative="blurry")
    assert short.negative_tokens > 4
    assert short.chunks == 1
    long = plan(planner, embeddings=("huge",), negative="blurry")
    assert long.chunks == 2
    assert long.negative_tokens == 75 + short.negative_tokens - 4
    assert long.prompt_tokens == short.prompt_tokens
    assert planner.plan(GenerationRequest(prompt=PROMPT, embeddings=("huge",))).hints[0].startswith("huge fills")


def test_the_highest_seed_leaves_room_for_every_picture(planner: Planner) -> None:
    assert plan(planner, seed=MAX_SEED).seed == MAX_SEED
    assert plan(planner, seed=MAX_SEED - 3, count=4).seed == MAX_SEED - 3
    with pytest.raises(UserError, match="The seed must be a whole number from 0 to 4294967292"):
        plan(planner, seed=MAX_SEED - 2, count=4)


@pytest.mark.parametrize(
    ("wish", "kind", "words"),
    [
        ({"embeddings": ("watermrak",)}, UnknownName, "no embedding 'watermrak' here. These fit Demo: watermark"),
        ({"embeddings": ("smudge",)}, UnknownName, "not installed here; its page is https://example.org/smudge"),
        ({"embeddings": ("EasyNegative",)}, DoesNotFit, "trained for SD 1.5 (768 wide)"),
        ({"embeddings": ("blur", "Blur:0.5")}, TooManyEmbeddings, "blur stands twice"),
        ({"embeddings": ("blur", "blur-copy")}, TooManyEmbeddings, "blur and blur-copy are the same"),
        ({"embeddings": ("blur", "tint", "noise", "watermark")}, TooManyEmbeddings, "leave out 1"),
        ({"embeddings": ("none",)}, UserError, "at least 1 negative embedding"),
        ({"embeddings": ("blur:nan",)}, UserError, "'nan' is no strength for blur"),
        ({"embeddings": ("blur:3",)}, UserError, "a number from 0 to 2"),
        ({"cfg": 1.0}, DoesNotFit, "At CFG 1 the negative prompt is not used"),
        ({"cfg": 0.0}, DoesNotFit, "choose a CFG above 1 (4 suits Demo)"),
        ({"cfg": float("nan")}, UserError, "CFG goes from 0 to 30, and nan is outside; leave it out for 4"),
        ({"cfg": -1.0}, UserError, "and -1 is outside"),
        ({"cfg": float("inf")}, UserError, "and inf is outside"),
        ({"size": "70x64"}, UserError, "steps of 16, and 70x64 is not one: try 64x64"),
        ({"size": "64x2000"}, UserError, "try 64x96"),
        ({"size": "0x0"}, UserError, "try 48x48"),
        ({"size": "wide"}, UserError, "'wide' is no size: write it as width x height, like 64x64"),
        ({"size": "64"}, UserError, "is no size"),
        ({"size": ""}, UserError, "is no size"),
        ({"steps": 0}, UserError, "Steps must be a whole number from 1 to 50, and 0 is not"),
        ({"steps": 51}, UserError, "and 51 is not"),
        ({"count": 0}, UserError, "Count must be a whole number from 1 to 4"),
        ({"count": 5}, UserError, "and 5 is not"),
        ({"seed": -1}, UserError, "from 0 to 4294967295, and -1 is not; leave it out"),
        ({"seed": MAX_SEED + 1}, UserError, "and 4294967296 is not"),
        ({"prompt": "fish " * 1000}, PromptTooLong, f"at most {MAX_CHUNKS * 75} are taken"),
        ({"negative": "blurry, " * 625}, PromptTooLong, "The negative prompt has"),
        ({"prompt": ""}, UserError, "Say what to draw"),
        ({"prompt": None}, UserError, "Say what to draw"),
        ({"prompt": " \n\t "}, UserError, "Say what to draw"),
        ({"prompt": "\x00"}, UserError, "Say what to draw"),
        ({"model": "dmo"}, UnknownName, UNKNOWN_MODEL.format("dmo")),
        ({"model": "sdxl"}, UserError, "`python -m bot install sdxl`"),
        ({"model": "turbo"}, DoesNotFit, "Turbo runs without guidance"),
        ({"model": "turbo", "embeddings": ("blur",)}, DoesNotFit, "Turbo runs without guidance"),
        ({"sampler": "eular"}, UnknownName, UNKNOWN_SAMPLER.format("eular")),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_wish_gets_one_sentence_that_says_what_to_do(
    planner: Planner, wish: dict[str, Any], kind: type[UserError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        plan(planner, **wish)
    sentence = str(caught.value)
    assert words in sentence
    assert REMEDY.search(sentence)
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_a_prompt_at_the_limit_is_taken_and_one_token_more_is_not(planner: Planner) -> None:
    full = plan(planner, prompt="fish " * (MAX_CHUNKS * 75 - 1))
    per_word = full.prompt_tokens // (MAX_CHUNKS * 75 - 1)
    assert per_word == 1
    assert plan(planner, prompt="fish " * (MAX_CHUNKS * 75)).chunks == MAX_CHUNKS
    with pytest.raises(PromptTooLong, match="The prompt has 301 tokens"):
        plan(planner, prompt="fish " * (MAX_CHUNKS * 75 + 1))


def test_no_embedding_and_no_guidance_are_fine_where_the_operator_allows_it(shelf: Shelf, library: Library) -> None:
    free = Planner(shelf=shelf, library=library, limits=EmbeddingLimits(minimum=0), default_model="demo")
    assert plan(free, cfg=1.0).embeddings == ()
    assert plan(free, model="turbo").embeddings == ()


_words = st.none() | st.text(max_size=40)
_names = st.sampled_from(["watermark", "blur:0.5", "tint", "EasyNegative", "none", "blur:nan"]) | st.text(max_size=15)


@settings(max_examples=60)
@given(
    wish=st.fixed_dictionaries(
        {},
        optional={
            "prompt": _words, "negative": _words, "model": st.sampled_from([None, "demo", "SD15", "turbo", "?"]),
            "embeddings": st.none() | st.lists(_names, max_size=4).map(tuple), "cfg": st.none() | st.floats(),
            "steps": st.none() | st.integers(-5, 60), "size": _words | st.just("64x96"),
            "seed": st.none() | st.integers(-2, 2**33), "count": st.none() | st.integers(-1, 6),
            "sampler": st.none() | st.sampled_from(sorted(SAMPLERS)) | st.text(max_size=9),
        },
    )
)  # fmt: skip
def test_whatever_is_wished_gives_a_plan_that_can_be_rendered_or_a_sentence(
    planner: Planner, shelf: Shelf, wish: dict[str, Any]
) -> None:
    sentence, made = "", None
    try:
        made = plan(planner, **wish)
    except UserError as error:
        sentence = str(error)
    assert bool(sentence.strip()) == (made is None)
    if made is None:
        return
    checkpoint = shelf.find(made.checkpoint)
    assert 1 <= len(made.embeddings) <= 3
    assert made.cfg > 1
    assert 1 <= made.chunks <= MAX_CHUNKS
    assert 0 <= made.seed <= made.seed + made.count - 1 <= MAX_SEED
    assert parse_size(made.size, checkpoint) == (made.width, made.height)
    vectors = {placed.content_hash: placed.vectors for placed in made.embeddings}
    assert made == PlanRecord.from_json(made.as_json()).with_vectors(vectors)


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_size_that_is_suggested_is_one_that_is_taken(width: int, height: int) -> None:
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
