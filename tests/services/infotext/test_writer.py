"""The text in every picture, read back by a small reader of A1111's format."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.infotext.writer import INFOTEXT_KEY, write_infotext
from services.parameters import GenerationParameters
from services.samplers import SAMPLERS
from tests.builders import a_placed, a_plan

#: the format: comma-separated pairs; values with a comma, a colon or a line break in them are in quotes
PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def read_infotext(text: str) -> dict[str, str]:
    """Prompt, negative prompt and pairs, as readers of A1111's pictures split them."""
    *lines, last = text.strip().split("\n")
    read = {key: json.loads(value) if value.startswith('"') else value for key, value in PAIR.findall(last)}
    assert len(read) >= 3, "a reader would take the line for a part of the prompt"
    parts: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    place = "Prompt"
    for line in lines:
        place = "Negative prompt" if line.startswith("Negative prompt:") else place
        parts[place].append(line.removeprefix("Negative prompt:").strip())
    return {**{name: "\n".join(words) for name, words in parts.items()}, **read}


def written(plan: GenerationParameters, index: int = 0, model: str = "Demo") -> dict[str, str]:
    return read_infotext(write_infotext(plan, index, model=model, model_hash="0123456789"))


def test_the_text_has_the_format_that_a1111_writes() -> None:
    plan = a_plan(
        prompt="a red fish",
        negative="blurry",
        embeddings=(a_placed("EasyNegative"),),
        steps=20,
        cfg=7.5,
        seed=42,
        width=512,
        height=768,
        sampler="dpmpp_2m_karras",
    )
    assert write_infotext(plan, 1, model="SD 1.5", model_hash="0123456789") == (
        "a red fish\n"
        "Negative prompt: EasyNegative, blurry\n"
        "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 43, Size: 512x768, Model hash: 0123456789, "
        'Model: SD 1.5, TI hashes: "EasyNegative: 000000000000", Version: Negative Space'
    )


def test_embeddings_and_strengths_are_written_as_users_of_other_programs_type_them() -> None:
    embeddings = (a_placed("EasyNegative"), a_placed("bad-hands-5", strength=0.8, seed=1), a_placed("x", strength=1.25))
    read = written(a_plan(embeddings=embeddings, negative="ugly, (blurry:1.2)"))
    assert read["Negative prompt"] == "EasyNegative, (bad-hands-5:0.8), (x:1.25), ugly, (blurry:1.2)"
    assert read["TI hashes"].split(", ") == [f"{placed.id}: {placed.file_hash[:12]}" for placed in embeddings]


def test_absent_values_are_not_written() -> None:
    text = write_infotext(a_plan(embeddings=(), negative=""), 0, model="Demo", model_hash="0123456789")
    assert "Negative prompt" not in text
    assert "TI hashes" not in text
    assert "Clip skip" not in text
    assert read_infotext(text)["Prompt"] == "a red fish in the sea"


def test_clip_skip_is_written_if_layers_are_skipped() -> None:
    assert written(a_plan(clip_skip=2))["Clip skip"] == "2"


@pytest.mark.parametrize(
    "model", ["Demo", "A, B", "Model: v2", 'The "best", really', "a\\b: c", "größer, ü", '"quoted"', '"']
)
def test_a_models_name_survives_any_characters(model: str) -> None:
    read = written(a_plan(), model=model)
    assert read["Model"] == model
    assert read["Version"] == "Negative Space"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=60).map(str.strip)
LINES = WORDS.filter(lambda text: not text.startswith("Negative prompt:"))


_PLANS = st.fixed_dictionaries(
    {
        "prompt": LINES.filter(bool),
        "negative": WORDS,
        "cfg": st.floats(0, 30).map(lambda cfg: round(cfg, 2)),
        "seed": st.integers(0, 2**32 - 5),
        "sampler": st.sampled_from(list(SAMPLERS)),
    }
)


@given(
    settings=_PLANS,
    index=st.integers(0, 3),
    strengths=st.lists(st.floats(0, 2).map(lambda strength: round(strength, 2)), max_size=3),
    model=WORDS.filter(bool),
)
def test_any_plan_is_read_back(settings: dict[str, Any], index: int, strengths: list[float], model: str) -> None:
    embeddings = tuple(a_placed(f"e{n}", strength=strength, seed=n) for n, strength in enumerate(strengths))
    plan = a_plan(**settings, embeddings=embeddings)
    read = written(plan, index, model)
    assert read["Prompt"] == plan.prompt
    mentioned = [f"e{n}" if strength == 1 else f"(e{n}:{strength:g})" for n, strength in enumerate(strengths)]
    assert read["Negative prompt"] == ", ".join(part for part in (*mentioned, plan.negative) if part)
    assert float(read["CFG scale"]) == pytest.approx(plan.cfg)
    assert int(read["Seed"]) == plan.seed + index
    assert read["Sampler"] == SAMPLERS[plan.sampler]
    assert (read["Steps"], read["Size"], read["Model hash"]) == ("2", "48x48", "0123456789")
    assert read["Model"] == model


@pytest.mark.parametrize("prompt", ["a red fish", "größer 日本 🐟"])
def test_a_png_has_the_text_where_readers_look(prompt: str) -> None:
    text = write_infotext(a_plan(prompt=prompt), 0, model="Demo", model_hash="0123456789")
    chunk, file = PngInfo(), io.BytesIO()
    chunk.add_itxt(INFOTEXT_KEY, text)
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=chunk)
    image: Any = Image.open(file)
    assert image.text["parameters"] == text
