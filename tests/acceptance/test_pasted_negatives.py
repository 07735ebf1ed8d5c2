"""Negative prompts as people paste them, written for A1111, ComfyUI or InvokeAI, on a model of the embeddings' architecture.

Each embedding that one names is used at its weight, or a hint says why not; the other words stay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.local.launch import data_folder, local_bot
from bot.local.process import BotProcess
from embeddings.architecture import Architecture
from tests.acceptance.conftest import drawn
from tests.builders import embedding_file
from tests.services.engine.tiny import save_sd1

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = """
id = "toy15"
title = "Toy 1.5"
architecture = "sd1"
lineage = "sd15"
width = 32
height = 32
multiple = 16
min_side = 16
max_side = 64
steps = 2
hub = "someone/toy15"
"""
#: stand-ins with the names and the numbers of vectors of the real ones; "blur" is somebody's own
INSTALLED = {
    "EasyNegative": 8,
    "bad-hands-5": 2,
    "badhandv4": 6,
    "negative_hand": 8,
    "BadDream": 69,
    "UnrealisticDream": 37,
    "FastNegativeV2": 67,
    "bad_prompt_version2": 8,
    "ng_deepnegative_v1_75t": 75,
    "verybadimagenegative_v1.3": 10,
    "bad-artist": 2,
    "CyberRealistic_Negative": 64,
    "JuggernautNegative-neg": 16,
    "bad-image-v2-39000": 4,
    "blur": 3,
}

#: what is pasted, the labels on the card, and what else the card has to say
PASTED = [
    ("EasyNegative", ["EasyNegative"], ""),
    ("easynegative, (worst quality, low quality:1.4)", ["EasyNegative"], "(worst quality, low quality:1.4)"),
    ("(easynegative:1.2), (bad-hands-5:1.1), blurry", ["EasyNegative:1.2", "bad-hands-5:1.1"], "blurry"),
    ("BadDream, UnrealisticDream, extra fingers", ["BadDream", "UnrealisticDream"], "extra fingers"),
    ("(UnrealDream:1.2), (BadDream:0.9), lowres", ["UnrealisticDream:1.2", "BadDream:0.9"], "lowres"),
    ("badhandv4 easynegative lowres text", ["badhandv4", "EasyNegative"], "lowres text"),
    (
        "ng_deepnegative_v1_75t, EasyNegative, DeepNegative, ugly",
        ["ng_deepnegative_v1_75t", "EasyNegative"],
        "ng_deepnegative_v1_75t is named twice",
    ),
    ("embedding:EasyNegative, embedding:badhandv4, watermark", ["EasyNegative", "badhandv4"], "watermark"),
    ("(embedding:bad_prompt_version2:0.8), jpeg artifacts", ["bad_prompt_version2:0.8"], "jpeg artifacts"),
    ("<EasyNegative>, <bad-artist>, signature", ["EasyNegative", "bad-artist"], "signature"),
    ("<embed:FastNegativeV2>, ugly", ["FastNegativeV2"], "ugly"),
    ("FastNegativeV2, (negative_hand-neg:0.7)", ["FastNegativeV2", "negative_hand:0.7"], ""),
    ("((EasyNegative)), [bad-hands-5], deformed", ["EasyNegative:1.21", "bad-hands-5:0.9091"], "deformed"),
    ("(bad_prompt_version2-neg, lowres:1.3), grain", ["bad_prompt_version2:1.3"], "(lowres:1.3), grain"),
    ("verybadimagenegative_v1.3，CyberRealistic_Negative-neg，nsfw", ["verybadimagenegative_v1.3"], "nsfw"),
    ("JuggernautNegative-neg.pt, easynegative.safetensors", ["JuggernautNegative-neg", "EasyNegative"], ""),
    (
        "worst quality\nEasyNegative\nbad-image-v2-39000\nmonochrome",
        ["EasyNegative", "bad-image-v2-39000"],
        "monochrome",
    ),
    ("sketch by bad-artist, motion blur", ["bad-artist"], "'blur' is read as plain words there"),
    ("EasyNegative, <lora:detail:-0.5>, {ugly|old}", ["EasyNegative"], "<lora:detail:-0.5>, {ugly|old}"),
    ("[EasyNegative:0.5], bad anatomy", ["EasyNegative"], "here it works from the first step"),
]
REFUSED = [
    (
        "EasyNegative, badhandv4, bad-hands-5, negative_hand, mutated",
        "That's 4 embeddings: EasyNegative, badhandv4, bad-hands-5, negative_hand.",
    ),
    ("EasyNegative, (bad-artist-anime:0.9), ugly", "bad-artist-anime is known but not installed here"),
    ("easynegative, negativeXL_D, ugly", "negativeXL_D was trained for"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot() -> AsyncIterator[BotProcess]:
    """A bot whose only other model has SD 1.5's width and random weights."""
    with data_folder() as data:
        (data / "checkpoints").mkdir()
        (data / "checkpoints" / "toy15.toml").write_text(MODEL)
        save_sd1(data / "checkpoints" / "toy15")
        (data / "embeddings").mkdir()
        for seed, (name, vectors) in enumerate(INSTALLED.items()):
            embedding_file(data / "embeddings", name, Architecture.SD1, vectors=vectors, seed=seed)
        async with local_bot(folder=data, settings={"DEFAULT_MODEL": "toy15"}) as running:
            yield running


@pytest.mark.parametrize(("negative", "labels", "words"), PASTED, ids=[negative for negative, *_ in PASTED])
async def test_what_people_paste_is_used_or_said(bot: BotProcess, negative: str, labels: list[str], words: str) -> None:
    ana = bot.discord.person("ana")
    card = await drawn(await ana.slash("imagine", prompt="a red fish", negative=negative, steps=1))
    shown = next(line for line in card.text.splitlines() if line.startswith("Avoids "))
    assert all(f"`{label}`" in shown for label in labels), shown
    assert words.replace("\\", "") in card.text.replace("\\", "")


@pytest.mark.parametrize(("negative", "sentence"), REFUSED)
async def test_what_cannot_be_used_is_refused_as_an_option_would_be(
    bot: BotProcess, negative: str, sentence: str
) -> None:
    refusal = await bot.discord.person("ana").slash("imagine", prompt="a red fish", negative=negative, steps=1)
    assert refusal.text.replace("\\", "").startswith(sentence)
    if sentence.startswith("negativeXL_D"):
        names = dict(zip(("embedding1", "embedding2"), ("EasyNegative", "negativeXL_D"), strict=True))
        option = await bot.discord.person("ana").slash("imagine", prompt="a red fish", steps=1, **names)
        assert option.text == refusal.text


async def test_a_file_that_merely_has_a_known_name_warns_on_its_card(bot: BotProcess) -> None:
    ana = bot.discord.person("ana")
    card = await drawn(await ana.slash("embedding info", name="EasyNegative"))
    warning = "Careful: This file is named like 'EasyNegative', but it isn't a known file of that embedding"
    assert warning in card.text
    own = await drawn(await ana.slash("embedding info", name="blur"))
    assert "Careful" not in own.text
