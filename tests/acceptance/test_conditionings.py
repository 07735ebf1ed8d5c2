"""A conditioning from its file to a picture that says what it was made with."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save

from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


def a_file(width: int) -> bytes:
    values = np.random.default_rng(width).normal(size=(1, 77, width)).astype(np.float32)
    return save({"ReNeg": values})


async def test_a_conditioning_takes_one_of_the_places_and_a_chunk_of_its_own(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    installed = await mod.slash("embedding install", file=("our-neg.safetensors", a_file(96)))
    card = (await installed.until(lambda message: "Installed **our-neg**" in message.text)).text
    assert "Size: conditioning" in card
    (choice,) = await ana.autocomplete("imagine", "embedding1", "our-n")
    assert choice.name.endswith("conditioning")
    listed = await ana.slash("embedding list", model="demo")
    assert "**our-neg** (Demo, conditioning)" in listed.text

    options = {"prompt": "a red fish", "embedding1": "demo-tinted", "embedding2": "our-neg:0.9", "seed": 5, "steps": 4}
    picture = await drawn(await ana.slash("imagine", negative="blurry", **options))
    assert "with `our-neg:0.9` + `demo-tinted`; in words: blurry" in picture.text
    assert "(2 chunks)" in picture.text
    found = await ana.slash("identify", picture=("p.png", await place.discord.fetch(picture.attachments[0])))
    card = (await found.until(lambda message: "Embeddings" in message.text)).text
    assert "our-neg, installed" in card


async def test_sdxls_without_its_pooled_output_is_refused(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    refused = await mod.slash("embedding install", file=("xl.safetensors", a_file(2048)))
    text = (await refused.until(lambda message: not message.thinking)).text
    assert "This conditioning is for SDXL, which needs the pooled output too" in text
