"""A1111's text: what this program writes, what others write, and other texts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.infotext.pairs import read_settings
from services.infotext.reader import Infotext, read_infotext
from services.infotext.writer import write_infotext
from services.prompting.mentions import Mention, take_leading
from services.samplers import SAMPLERS
from tests.builders import a_placed, a_plan

A1111 = """a woman, (red hair:1.2)
in the rain
Negative prompt: EasyNegative, (badhandv4:0.8),
blurry
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 42, Size: 512x768, Model hash: 6CE0161689, \
Model: "a, b: c", Clip skip: 2, TI hashes: "EasyNegative: c74b4e810b03, badhandv4: 5e40d722fc3d", Version: v1.9.4"""


def read(text: str) -> Infotext:
    found = read_infotext(text)
    assert found is not None
    return found


def test_everything_that_a1111_writes_is_read() -> None:
    found = read(A1111)
    assert found.prompt == "a woman, (red hair:1.2)\nin the rain"
    assert found.negative == "EasyNegative, (badhandv4:0.8),\nblurry"
    assert (found.steps, found.sampler, found.schedule) == (20, "DPM++ 2M", "Karras")
    assert (found.cfg, found.seed, found.size, found.clip_skip) == (7.5, 42, "512x768", 2)
    assert (found.model, found.model_hash, found.version) == ("a, b: c", "6ce0161689", "v1.9.4")
    assert found.hashes == {"EasyNegative": "c74b4e810b03", "badhandv4": "5e40d722fc3d"}


def test_missing_values_are_none() -> None:
    found = read("a fish\nSteps: 20, Sampler: Euler, Seed: 1")
    assert (found.prompt, found.negative) == ("a fish", "")
    assert (found.cfg, found.size, found.model, found.model_hash, found.clip_skip) == (None,) * 5
    assert found.hashes == {}


def test_senseless_values_are_none() -> None:
    found = read(f"a\nSteps: many, CFG scale: nan, Seed: -1, Size: huge, Model hash: none, Clip skip: {'9' * 5000}")
    assert (found.steps, found.cfg, found.seed, found.size, found.model_hash, found.clip_skip) == (None,) * 6


def test_civitai_writes_hashes_as_json() -> None:
    found = read(
        'a\nSteps: 20, Seed: 1, Size: 8x8, Hashes: {"vae": "63aeecb90f", "model": "C35782BAD8", "embed:bad": "C74B4E810B"}'
    )
    assert found.hashes == {"bad": "c74b4e810b"}
    assert found.model_hash == "c35782bad8"


def test_a_text_that_ends_after_the_negative_prompt_is_read() -> None:
    assert read("a fish\nNegative prompt: blurry").negative == "blurry"


def test_windows_line_endings_and_lines_after_the_settings_are_accepted() -> None:
    found = read("a\r\nfish\r\nNegative prompt: b\r\nSteps: 20, Sampler: Euler, Seed: 1\r\nTemplate: x")
    assert (found.prompt, found.negative, found.steps) == ("a\nfish", "b", 20)


@pytest.mark.parametrize(
    "text",
    ["", "a red fish", '{"prompt": "a fish", "steps": 20}', "who: ana, what: fish, where: sea", "1, 2, 3", "{" * 9999],
)
def test_other_text_has_no_parameters(text: str) -> None:
    assert read_infotext(text) is None


def test_escaped_surrogates_are_left_out() -> None:
    assert read(r'a\nSteps: 1, Seed: 1, Size: 8x8, Model: "\ud800x: y"'.replace(r"\n", "\n")).model == "x: y"


@pytest.mark.parametrize(
    "text",
    [
        "w" * 65536,
        'a: "' * 16384,
        'a: "\\",' * 10000,
        "a: {" * 16384,
        'a: {"b,' * 8000,
        "\n" * 65536,
        "a: " + "[" * 60000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    read_infotext(text)
    assert time.process_time() - started < 2


_PIECES = [
    "Steps: ",
    "Negative prompt:",
    "TI hashes: ",
    '"',
    "\\",
    ", ",
    ": ",
    "\n",
    "{",
    "}",
    "[",
    "1",
    "Size: 8x8",
    "\ud800",
]


@given(st.text(max_size=300) | st.lists(st.sampled_from(_PIECES)).map("".join))
def test_no_text_raises(text: str) -> None:
    read_infotext(text)
    read_settings(text)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]) | st.sampled_from(' \n,:()"'), max_size=60
)
PROMPTS = WORDS.map(str.strip).filter(lambda text: "Negative prompt:" not in text)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,20}[A-Za-z0-9]", fullmatch=True)


_PLANS = st.fixed_dictionaries(
    {
        "prompt": PROMPTS.filter(bool),
        "negative": PROMPTS,
        "cfg": st.floats(0, 30).map(lambda cfg: round(cfg, 2)),
        "seed": st.integers(0, 2**32 - 5),
        "sampler": st.sampled_from(list(SAMPLERS)),
        "clip_skip": st.integers(1, 3),
    }
)
_MODELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(
    settings=_PLANS,
    index=st.integers(0, 3),
    names=st.lists(NAMES, max_size=3, unique=True),
    strength=st.floats(0, 2).map(lambda strength: round(strength, 3)),
    model=_MODELS,
)
def test_any_plan_is_read_back(
    settings: dict[str, Any], index: int, names: list[str], strength: float, model: str
) -> None:
    embeddings = tuple(a_placed(name, strength=strength, seed=n) for n, name in enumerate(names))
    plan = a_plan(**settings, embeddings=embeddings)
    found = read(write_infotext(plan, index, model=model, model_hash="0123456789"))
    assert found.prompt == plan.prompt
    assert take_leading(found.negative, found.hashes) == ([Mention(name, strength) for name in names], plan.negative)
    assert (found.cfg, found.seed) == (float(f"{plan.cfg:g}"), plan.seed + index)
    assert (found.steps, found.size) == (2, "48x48")
    assert (found.sampler, found.model, found.model_hash) == (SAMPLERS[plan.sampler], model, "0123456789")
    assert (found.clip_skip or 1) == plan.clip_skip
    assert found.hashes == {embedding.id: embedding.file_hash[:12] for embedding in embeddings}
