"""A picture's text compared with what is installed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from services.choices import EmbeddingChoice
from services.infotext.identifier import Identified, Identifier
from services.infotext.writer import write_infotext
from services.parameters import PlacedEmbedding
from services.planning.fit import Fit
from services.planning.picks import Pick, placed
from services.requests import GenerationRequest
from services.stock import EmbeddingLimits, Stock, Stocks
from tests.builders import a_checkpoint, a_library, a_plan, a_shelf, a_stock, an_entry, choices, embedding_file
from tests.refusals import refused
from tests.sentences.checkpoints import SIDES

EASY = "c74b4e810b030f6b75fde959e2db678c268d07115b85356d3c0138ba5eb42340"
SETTINGS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x64"


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    """Two models with weights to hash, and one that isn't installed.

    Of the embeddings, four are for the demo, "soft" with a strength of its own, and "broad" is for SD 1.5; the catalog knows
    EasyNegative, which isn't installed.
    """
    models = [a_checkpoint("demo", aliases=("the demo",)), a_checkpoint("other", clip_skip=2)]
    for model in models:
        weights = tmp_path / "models" / model.id / "unet" / "weights.safetensors"
        weights.parent.mkdir(parents=True)
        weights.write_bytes(model.id.encode())
    shelf = a_shelf(tmp_path / "models", *models, missing=[a_checkpoint("absent")])
    folder = tmp_path / "embeddings"
    embedding_file(folder, "broad", Architecture.SD1)
    entries = [
        an_entry("soft", strength=0.8),
        an_entry("EasyNegative", Architecture.SD1, hashes=(EASY,), source="https://example.org/easy"),
    ]
    return a_stock(a_library(folder, ["one", "two", "three", "soft"], entries), shelf)


@pytest.fixture
def identifier(stock: Stock) -> Identifier:
    return Identifier(Stocks(stock))


def hash_of(model: str) -> str:
    return hashlib.sha256(model.encode()).hexdigest()


async def identified(
    identifier: Identifier, negative: str = "one", more: str = "", prompt: str = "a fish"
) -> Identified:
    """A picture of the demo model that another program made, identified."""
    model = "" if "Model" in more else f", Model hash: {hash_of('demo')[:10]}"
    text = f"{prompt}\nNegative prompt: {negative}\n{SETTINGS}{model}{', ' if more else ''}{more}"
    return await identifier.identify(text, None)


async def test_our_own_picture_gives_the_request_that_it_was_made_from(identifier: Identifier, stock: Stock) -> None:
    request = GenerationRequest(
        prompt="a fish, (red:1.1)",
        negative="two, blurry,",
        embeddings=choices("soft:0.5", "one"),
        cfg=4.5,
        steps=8,
        size="64x48",
        seed=8,
        count=1,
        sampler="dpmpp_2m_karras",
        model="demo",
    )
    plan = a_plan(
        prompt=request.prompt,
        negative=request.negative,
        cfg=4.5,
        steps=8,
        width=64,
        height=48,
        sampler=request.sampler,
        embeddings=tuple(as_placed(stock, choice) for choice in choices("soft:0.5", "one")),
    )
    found = await identifier.identify(write_infotext(plan, 1, model="Demo", model_hash=hash_of("demo")[:10]), None)
    assert found.request == request
    assert found.notes == ()
    assert [embedding.sentence for embedding in found.embeddings] == ["soft, installed", "one, installed"]
    assert found.settings == "Steps: 8, Sampler: DPM++ 2M Karras, CFG scale: 4.5, Seed: 8, Size: 64x48, Model: Demo"


def as_placed(stock: Stock, choice: EmbeddingChoice) -> PlacedEmbedding:
    """As planning places it."""
    installed = stock.named_embedding(choice.name)
    return placed(Pick(installed, 1.0 if choice.strength is None else choice.strength, Fit.FITS))


async def test_embeddings_are_taken_out_of_the_negative_prompt(identifier: Identifier, stock: Stock) -> None:
    more = f'TI hashes: "uno: {stock.named_embedding("one").file_hash[:12]}"'
    found = await identified(identifier, "UNO, (two:0.8), blurry", more)
    assert found.request.embeddings == choices("one", "two:0.8")
    assert found.request.negative == "blurry"
    sentences = [embedding.sentence for embedding in found.embeddings]
    assert sentences == ["one (called uno there), installed", "two, installed"]


async def test_a_strength_of_1_is_written_if_the_catalog_has_another(identifier: Identifier) -> None:
    assert (await identified(identifier, "soft, (one:1.0)")).request.embeddings == choices("soft:1", "one")


async def test_an_embedding_that_is_not_installed_is_left_out_with_a_note(identifier: Identifier) -> None:
    hashes = f'TI hashes: "stranger: {"0" * 12}"'
    found = await identified(identifier, "EasyNegative, (stranger:0.8), one, ugly", hashes)
    assert found.request.embeddings == choices("one")
    assert found.request.negative == "ugly"
    assert set(found.notes) == {
        "EasyNegative is left out because it isn't installed here; its page is https://example.org/easy",
        "stranger is left out because its file isn't known here.",
    }


@pytest.mark.parametrize(
    ("negative", "embeddings", "sentence"),
    [
        ("one, two, three, soft", ("one", "two", "three"), "soft is left out: a picture here can use 3 embeddings."),
        ("broad, one", ("one",), "broad is left out: it was trained for SD 1.5 and can't work with Demo."),
        ("one, (one:1.3)", ("one",), "one is in the negative prompt more than once; here it's used once."),
        ("(one:2.5)", ("one:2",), "one was used at 2.5; the maximum here is 2."),
        ("blurry", (), "Every picture here needs a negative embedding, so choose one or get the recommended one."),
    ],
)
async def test_what_the_rules_forbid_becomes_a_note(
    identifier: Identifier, negative: str, embeddings: tuple[str, ...], sentence: str
) -> None:
    found = await identified(identifier, negative)
    assert found.request.embeddings == (choices(*embeddings) or None)
    assert sentence in found.notes


async def test_a_picture_without_embeddings_stays_without_if_the_operator_allows_it(stock: Stock) -> None:
    free = Identifier(Stocks(a_stock(stock.library, stock.shelf, limits=EmbeddingLimits(minimum=0))))
    found = await identified(free, "blurry")
    assert found.request.embeddings == choices("none")
    assert found.notes == ()


async def test_an_embedding_whose_hash_is_listed_is_found_among_words(identifier: Identifier, stock: Stock) -> None:
    hashes = f'TI hashes: "one: {stock.named_embedding("one").file_hash[:10]}"'
    found = await identified(identifier, "drawn by one artist", hashes)
    assert found.request.embeddings == choices("one")
    assert found.request.negative == "drawn by artist"


@pytest.mark.parametrize(
    ("prompt", "negative", "sentence"),
    [
        ("a fish", "by one's artist", "one is among other words of the negative prompt, where it stays text"),
        ("a fish by one", "blurry", "one was used in the prompt"),
        ("a fish", "someone", "one is listed with a hash but used in neither prompt"),
    ],
)
async def test_hashes_without_a_term_in_the_negative_prompt_are_explained(
    identifier: Identifier, stock: Stock, prompt: str, negative: str, sentence: str
) -> None:
    hashes = f'TI hashes: "one: {stock.named_embedding("one").file_hash[:10]}"'
    found = await identified(identifier, negative, hashes, prompt)
    assert found.request.embeddings is None
    assert found.request.negative == negative
    assert any(note.startswith(sentence) for note in found.notes), found.notes


@pytest.mark.parametrize(
    ("more", "sentence", "model", "note"),
    [
        (f"Model hash: {hash_of('other')[:10]}, Model: demo, Clip skip: 2", "Other, installed", "other", None),
        (f"Model hash: {hash_of('demo')}, Model: foo", "Demo, installed", "demo", None),
        ("Model: THE demo", "Demo, installed", "demo", None),
        (
            "Model hash: 0123456789, Model: demo",
            "Demo, installed",
            "demo",
            "The Demo installed here has different weights",
        ),
        (
            "Model: absent",
            "Absent, known, not installed",
            None,
            "Absent isn't installed here: Demo will draw it instead",
        ),
        ("Model: foo", "unknown model foo", None, "Its model is unknown here: Demo will draw it instead"),
        ("Model hash: 0123456789", "unknown model (0123456789)", None, "Its model is unknown here"),
        ("Model: , Version: 1", "not named", None, "It doesn't name a model: Demo will draw it instead."),
    ],
)
async def test_the_model_is_found_by_its_hash_or_else_by_its_name(
    identifier: Identifier, more: str, sentence: str, model: str | None, note: str | None
) -> None:
    found = await identified(identifier, "one", more)
    assert found.model.sentence == sentence
    assert found.request.model == model
    assert [line.startswith(note) for line in found.notes] == [True] if note else not found.notes


@pytest.mark.parametrize(
    ("more", "field", "sentence"),
    [
        (
            "Sampler: Heun, Schedule type: Karras",
            "sampler",
            "Its sampler, Heun Karras, isn't available here; the model's default is used.",
        ),
        ("Size: 640x480", "size", f"Its size is left out. {SIDES.format(model='Demo', low=48, high=96)}"),
        ("Seed: 99999999999", "seed", "Its seed, 99999999999, is left out; here it can be 0 to 4294967295."),
        ("Steps: 150", "steps", "Its step count, 150, is left out; here it can be 1 to 60."),
        ("CFG scale: 31.5", "cfg", "Its CFG, 31.5, is left out; here it can be 0 to 30"),
    ],
)
async def test_settings_that_cannot_be_used_are_left_open_with_a_note(
    identifier: Identifier, more: str, field: str, sentence: str
) -> None:
    found = await identified(identifier, "one", more)
    assert getattr(found.request, field) is None
    assert len(found.notes) == 1
    assert found.notes[0].startswith(sentence)


async def test_settings_without_a_counterpart_are_listed(identifier: Identifier) -> None:
    found = await identified(
        identifier, "one", "Clip skip: 2, VAE: x.pt, Hires upscale: 2", "a fish <lora:big:0.7>, red"
    )
    assert found.request.prompt == "a fish , red"
    assert list(found.notes) == [
        "LoRAs can't be used here, so these are left out: <lora:big:0.7>.",
        "It was made with clip skip 2; Demo uses 1 here.",
        "Not used here: VAE, Hires upscale.",
    ]


async def test_a_model_whose_weights_cannot_be_read_is_skipped(identifier: Identifier, tmp_path: Path) -> None:
    (tmp_path / "models" / "demo" / "unet" / "weights.safetensors").unlink()
    found = await identified(identifier, "one", f"Model hash: {hash_of('other')[:10]}, Clip skip: 2")
    assert found.model.sentence == "Other, installed"


async def test_a_known_model_needs_no_hashes(identifier: Identifier) -> None:
    text = f"a fish\nNegative prompt: one\n{SETTINGS}, Model hash: {hash_of('other')[:10]}, Clip skip: 2"
    assert identifier.again(text, "other", None).request == (await identifier.identify(text, None)).request
    assert identifier.again(text, None, None).request.model is None


@pytest.mark.parametrize(
    "ask", [lambda asked: asked.again("a fish", None, None), lambda asked: asked.again("", "demo", None)]
)
def test_text_in_another_format_is_refused(identifier: Identifier, ask: Callable[[Identifier], object]) -> None:
    with refused("That picture's metadata isn't in A1111's format, so I can't tell how it was made."):
        ask(identifier)
