"""Models, embeddings and LoRAs that settings list."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from services.infotext.reader import Infotext, read_infotext
from services.infotext.resources import read_resources

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)


def of(more: str) -> Infotext:
    found = read_infotext(f"a red fish\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: 1, {more}")
    assert found is not None
    return found


@given(
    model=NAMES,
    embeddings=st.lists(NAMES, max_size=3, unique=True),
    loras=st.lists(NAMES, max_size=3, unique=True),
    others=st.lists(NAMES, max_size=2, unique=True),
    is_spaced=st.booleans(),
)
def test_everything_that_civitai_lists_is_named(
    model: str, embeddings: list[str], loras: list[str], others: list[str], is_spaced: bool
) -> None:
    listed = [("checkpoint", model), *(("embed", name) for name in embeddings), *(("lora", name) for name in loras)]
    listed += [("upscaler", name) for name in others]
    resources = [{"type": kind, "weight": 1, "modelVersionId": 1, "modelName": name} for kind, name in listed]
    separators = None if is_spaced else (",", ":")
    found = of(f"Civitai resources: {json.dumps(resources, separators=separators)}, Civitai metadata: {{}}")
    assert (found.model, found.seed) == (model, 1)
    assert found.hashes == dict.fromkeys(embeddings, "")
    assert found.loras == tuple(loras)
    assert found.others == tuple(f"upscaler {name}" for name in others)


def test_hashes_of_every_kind_are_joined() -> None:
    hashes = {"model": "26c4ba834c", "embed:bad": "c74b4e810b", "lora:big": "0123456789", "vae": "63aeecb90f"}
    found = of(
        f'Hashes: {json.dumps(hashes)}, TI hashes: "worse: 5e40d722fc3d, BAD: ?", Lora hashes: "big: 0123456789, small: 1"'
    )
    assert found.model_hash == "26c4ba834c"
    assert found.hashes == {"worse": "5e40d722fc3d", "BAD": "", "bad": "c74b4e810b"}
    assert found.loras == ("big", "small")


def test_a_model_that_the_settings_name_is_not_replaced() -> None:
    resources = json.dumps([{"type": "checkpoint", "modelName": "other"}])
    assert of(f"Model: mine, Model hash: 0123456789, Civitai resources: {resources}").model == "mine"


def test_a_resource_without_a_name_is_named_by_its_version() -> None:
    assert of('Civitai resources: [{"type": "lora", "modelVersionId": 7}]').loras == ("Civitai version 7",)


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "modelName", "hash"]), inner),
)


@given(
    st.sampled_from(["hashes", "civitai resources", "ti hashes", "lora hashes"]),
    ANY.map(json.dumps) | st.text(max_size=40),
)
def test_no_list_raises(key: str, written: str) -> None:
    read_resources({key: written})
