"""Pictures of other programs, as those programs write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import UserError
from services.infotext.metadata import read_text
from services.infotext.programs import DRAW_THINGS_KEY, translate
from services.infotext.reader import read_infotext
from tests.services.infotext.files.builders import PIXELS, png, text_chunk
from tests.services.infotext.programs.samples import GRAPH, NAMED, ONE_TEXT_EACH, READ


def picture(texts: dict[str, str]) -> bytes:
    return png(*(text_chunk(keyword.encode(), text, "iTXt") for keyword, text in texts.items()), PIXELS)


@pytest.mark.parametrize("program", READ)
def test_the_same_picture_is_read_from_every_program(program: str) -> None:
    found = read_infotext(read_text(picture(READ[program])) or "")
    assert found is not None
    assert found.version == program
    assert found.prompt.replace(" <lora:big:0.8>", "") == "a red fish"
    assert found.negative.replace("(embedding:EasyNegative:1.2)", "EasyNegative").replace("<", "").replace(">", "") == (
        "EasyNegative, blurry"
    )
    assert (found.steps, found.cfg, found.seed, found.size, found.model) == (20, 7, 11, "512x768", "some mix")
    sampler = "DPM++ 2M" if program == "Easy Diffusion" else "DPM++ 2M Karras"
    assert " ".join(filter(None, (found.sampler, found.schedule))) == sampler
    if program in ("ComfyUI", "InvokeAI", "Fooocus", "TensorArt", "Easy Diffusion"):
        assert found.clip_skip == 2
    if program != "NovelAI":
        assert "<lora:big:0.8>" in found.prompt


@pytest.mark.parametrize(
    ("program", "key"),
    [
        ("ComfyUI", "ComfyUI nodes"),
        ("InvokeAI", "seamless_x"),
        ("Fooocus", "styles"),
        ("SwarmUI", "refinerupscale"),
        ("TensorArt", "sdVae"),
        ("Easy Diffusion", "use_upscale"),
        ("Draw Things", "strength"),
    ],
)
def test_settings_without_a_name_in_a1111s_format_are_kept(program: str, key: str) -> None:
    found = read_infotext(read_text(picture(READ[program])) or "")
    assert found is not None
    assert key in found.keys


@pytest.mark.parametrize("texts", ONE_TEXT_EACH, ids=["keys", "titles"])
def test_easy_diffusion_is_read_from_a_text_for_each_setting(texts: dict[str, str]) -> None:
    found = read_infotext(read_text(picture(texts)) or "")
    assert found is not None
    assert (found.version, found.prompt, found.negative) == ("Easy Diffusion", "a red fish", "EasyNegative, blurry")
    assert (found.steps, found.cfg, found.seed, found.size, found.model) == (20, 7, 11, "512x768", "some mix")
    assert (found.sampler, found.clip_skip) == ("DPM++ 2M", 2)


@pytest.mark.parametrize("program", NAMED)
def test_a_program_whose_format_is_unknown_is_named(program: str) -> None:
    with pytest.raises(UserError, match=f"made with {program}, whose metadata I can't read yet; copy its prompt"):
        read_text(picture(NAMED[program]))


def test_a1111s_format_is_preferred_to_the_programs_own() -> None:
    text = "a blue fish\nSteps: 20, Sampler: Euler, Seed: 7"
    assert read_text(picture({**READ["ComfyUI"], "parameters": text})) == text


def test_the_first_pass_of_several_is_read() -> None:
    second = {
        "class_type": "KSampler",
        "inputs": {**GRAPH["3"]["inputs"], "seed": 99, "denoise": 0.5, "latent_image": ["3", 0]},
    }  # pyright: ignore
    found = read_infotext(translate({"prompt": json.dumps({"1": second, **GRAPH})}) or "")
    assert found is not None
    assert found.seed == 11
    assert "Samplers after the first" in found.keys


def test_graphs_with_cycles_end() -> None:
    loop = {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["6", 0], "conditioning_2": ["7", 0]}}
    graph = {**GRAPH, "6": loop, "7": {**loop}, "12": {"class_type": "X", "inputs": {"string": ["12", 0]}}}
    assert translate({"prompt": json.dumps(graph)})


def outcome(texts: dict[str, str]) -> tuple[str | None, str]:
    """The text in A1111's format, and the sentence of the refusal."""
    try:
        return translate(texts), ""
    except UserError as error:
        return None, str(error)


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(data=st.data(), program=st.sampled_from(sorted(READ.keys() - {"Draw Things"})))
def test_any_value_anywhere_gives_a_text_or_a_sentence(data: st.DataObject, program: str) -> None:
    keyword = next(key for key, text in READ[program].items() if text.startswith("{"))
    table = json.loads(READ[program][keyword].strip("\0"))
    place = table if program != "SwarmUI" else table["sui_image_params"]
    if program == "ComfyUI":
        place = data.draw(st.sampled_from([table, *(node["inputs"] for node in table.values())]))
    place[data.draw(st.sampled_from(list(place)))] = data.draw(ANY)
    text, sentence = outcome({**READ[program], keyword: json.dumps(table)})
    assert read_infotext(text) if text else "whose metadata I can't read yet" in sentence


@pytest.mark.parametrize("text", ["{" * 100_000, "[" * 100_000, '{"a":' * 100_000, "", "null", "[]", '"class_type"'])
def test_senseless_metadata_is_refused_or_nothing(text: str) -> None:
    for keyword in ("prompt", "invokeai_metadata", "generation_data", "parameters", "Comment", DRAW_THINGS_KEY):
        translated, sentence = outcome({keyword: text})
        assert translated is None
        assert not sentence or "made with" in sentence
