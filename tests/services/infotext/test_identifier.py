"""What a picture says of itself, against what is here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from embeddings.library import Library
from services.checkpoints import Shelf
from services.errors import UserError
from services.infotext.identifier import Identified, Identifier
from services.infotext.writer import write_infotext
from services.parameters import PlacedEmbedding
from services.planning.fit import Fit
from services.planning.picks import EmbeddingLimits, Pick, placed, split_strength
from services.requests import GenerationRequest
from tests.builders import a_checkpoint, a_library, a_plan, a_shelf, an_entry, embedding_file

EASY = "c74b4e810b030f6b75fde959e2db678c268d07115b85356d3c0138ba5eb42340"
SETTINGS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x64"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Four for the demo, one of them with a strength of its own, one for SD 1.5, and one that is only known."""
    folder = tmp_path / "embeddings"
    embedding_file(folder, "broad", Architecture.SD1)
    entries = [
        an_entry("soft", strength=0.8),
        an_entry("EasyNegative", Architecture.SD1, hashes=(EASY,), source="https://example.org/easy"),
    ]
    return a_library(folder, ["one", "two", "three", "soft"], entries)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Two models with weights to hash, and one that is not installed."""
    checkpoints = [a_checkpoint("demo", aliases=("the demo",)), a_checkpoint("other", clip_skip=2)]
    for checkpoint in checkpoints:
        weights = tmp_path / "models" / checkpoint.id / "unet" / "weights.safetensors"
        weights.parent.mkdir(parents=True)
        weights.write_bytes(checkpoint.id.encode())
    return a_shelf(tmp_path / "models", *checkpoints, missing=[a_checkpoint("absent")])


def an_identifier(library: Library, shelf: Shelf, *, minimum: int = 1) -> Identifier:
    return Identifier(library=library, shelf=shelf, limits=EmbeddingLimits(minimum, 3), default_model="demo")


@pytest.fixture
def identifier(library: Library, shelf: Shelf) -> Identifier:
    return an_identifier(library, shelf)


def hash_of(model: str) -> str:
    return hashlib.sha256(model.encode()).hexdigest()


async def of(identifier: Identifier, negative: str = "one", more: str = "", prompt: str = "a fish") -> Identified:
    """A foreign picture of the demo model, identified."""
    model = "" if "Model" in more else f", Model hash: {hash_of('demo')[:10]}"
    text = f"{prompt}\nNegative prompt: {negative}\n{SETTINGS}{model}{', ' if more else ''}{more}"
    return await identifier.identify(text)


async def test_the_wish_of_an_own_picture_is_that_it_was_made_from(identifier: Identifier, library: Library) -> None:
    request = GenerationRequest(
        prompt="a fish, (red:1.1)", negative="two, blurry,", embeddings=("soft:0.5", "one"), cfg=4.5, steps=8, size="64x48",
        seed=8, count=1, sampler="dpmpp_2m_karras", model="demo",
    )  # fmt: skip
    plan = a_plan(
        prompt=request.prompt, negative=request.negative, cfg=4.5, steps=8, width=64, height=48, sampler=request.sampler,
        embeddings=tuple(placed_from(library, name) for name in ("soft:0.5", "one")),
    )  # fmt: skip
    found = await identifier.identify(write_infotext(plan, 1, model="Demo", model_hash=hash_of("demo")[:10]))
    assert found.request == request
    assert found.notes == ()
    assert [one.sentence for one in found.embeddings] == ["soft, installed", "one, installed"]
    assert found.settings == "Steps: 8, Sampler: DPM++ 2M Karras, CFG scale: 4.5, Seed: 8, Size: 64x48, Model: Demo"


def placed_from(library: Library, name: str) -> PlacedEmbedding:
    """As planning places it."""
    bare, strength = split_strength(name)
    installed = library.find(bare)
    assert installed is not None
    return placed(Pick(installed, 1.0 if strength is None else strength, Fit.FITS))


async def test_embeddings_leave_the_negative_prompt(identifier: Identifier, library: Library) -> None:
    one = library.find("one")
    assert one is not None
    more = f'TI hashes: "uno: {one.file_hash[:12]}"'
    found = await of(identifier, "UNO, (two:0.8), blurry", more)
    assert found.request.embeddings == ("one", "two:0.8")
    assert found.request.negative == "blurry"
    assert [each.sentence for each in found.embeddings] == ["one (called uno there), installed", "two, installed"]


async def test_a_strength_of_one_is_written_where_the_catalog_says_otherwise(identifier: Identifier) -> None:
    assert (await of(identifier, "soft, (one:1.0)")).request.embeddings == ("soft:1", "one")


async def test_what_is_not_installed_is_left_out_and_said(identifier: Identifier) -> None:
    found = await of(identifier, "EasyNegative, (stranger:0.8), one, ugly", f'TI hashes: "stranger: {"0" * 12}"')
    assert found.request.embeddings == ("one",)
    assert found.request.negative == "ugly"
    easy = "EasyNegative is left out, since it is not installed here; its page is https://example.org/easy"
    assert set(found.notes) == {easy, "stranger is left out, since nobody here knows that file."}


@pytest.mark.parametrize(
    ("negative", "embeddings", "sentence"),
    [
        ("one, two, three, soft", ("one", "two", "three"), "soft is left out, since a picture carries at most 3"),
        ("broad, one", ("one",), "broad is left out: it was trained for SD 1.5 and cannot work with Demo."),
        ("one, (one:1.3)", ("one",), "one stands more than once"),
        ("(one:2.5)", ("one:2",), "one was used at 2.5; here the strongest is 2."),
        ("blurry", None, "Every picture carries a negative embedding here"),
    ],
)
async def test_what_the_rules_forbid_is_said(
    identifier: Identifier, negative: str, embeddings: tuple[str, ...] | None, sentence: str
) -> None:
    found = await of(identifier, negative)
    assert found.request.embeddings == embeddings
    assert any(note.startswith(sentence) for note in found.notes), found.notes


async def test_a_picture_without_any_stays_so_where_that_is_allowed(library: Library, shelf: Shelf) -> None:
    found = await of(an_identifier(library, shelf, minimum=0), "blurry")
    assert found.request.embeddings == ("none",)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("prompt", "negative", "sentence"),
    [
        ("a fish", "by one artist", "one stands amid other words of the negative prompt"),
        ("a fish by one", "blurry", "one was used in the prompt"),
        ("a fish", "someone", "one is named among the hashes but stands in neither prompt"),
    ],
)
async def test_hashes_of_what_is_no_term_of_the_negative_prompt_are_explained(
    identifier: Identifier, library: Library, prompt: str, negative: str, sentence: str
) -> None:
    one = library.find("one")
    assert one is not None
    found = await of(identifier, negative, f'TI hashes: "one: {one.file_hash[:10]}"', prompt)
    assert found.request.embeddings is None
    assert found.request.negative == negative
    assert any(note.startswith(sentence) for note in found.notes), found.notes


@pytest.mark.parametrize(
    ("more", "sentence", "model", "note"),
    [
        (f"Model hash: {hash_of('other')[:10]}, Model: demo, Clip skip: 2", "Other, installed", "other", None),
        (f"Model hash: {hash_of('demo')}, Model: foo", "Demo, installed", "demo", None),
        ("Model: THE demo", "Demo, installed", "demo", None),
        ("Model hash: 0123456789, Model: demo", "Demo, installed", "demo", "The Demo of this place has other weights"),
        ("Model: absent", "Absent, known, not installed", None, "Absent is not installed here: Demo draws it instead"),
        ("Model: foo", "unknown model foo", None, "Its model is unknown here: Demo draws it instead"),
        ("Model hash: 0123456789", "unknown model (0123456789)", None, "Its model is unknown here"),
        ("Model: , Version: 1", "not named", None, "It names no model: Demo draws it instead."),
    ],
)
async def test_the_model_is_found_by_its_hash_and_else_by_its_name(
    identifier: Identifier, more: str, sentence: str, model: str | None, note: str | None
) -> None:
    found = await of(identifier, "one", more)
    assert found.model.sentence == sentence
    assert found.request.model == model
    assert [each.startswith(note) for each in found.notes] == [True] if note else not found.notes


@pytest.mark.parametrize(
    ("more", "field", "sentence"),
    [
        ("Sampler: Heun, Schedule type: Karras", "sampler", "Its sampler, Heun Karras, is not among those here"),
        ("Size: 640x480", "size", "Its size is left out. Demo takes sides from 48 to 96"),
        ("Seed: 99999999999", "seed", "Its seed, 99999999999, is left out: here it goes from 0 to 4294967295."),
        ("Steps: 150", "steps", "Its number of steps, 150, is left out: here it goes from 1 to 60."),
        ("CFG scale: 31.5", "cfg", "Its CFG, 31.5, is left out: here it goes from 0 to 30"),
    ],
)
async def test_settings_that_cannot_be_had_are_left_open_and_said(
    identifier: Identifier, more: str, field: str, sentence: str
) -> None:
    found = await of(identifier, "one", more)
    assert getattr(found.request, field) is None
    assert len(found.notes) == 1
    assert found.notes[0].startswith(sentence)


async def test_what_this_program_has_no_word_for_is_listed(identifier: Identifier) -> None:
    found = await of(identifier, "one", "Clip skip: 2, VAE: x.pt, Hires upscale: 2", "a fish <lora:big:0.7>, red")
    assert found.request.prompt == "a fish , red"
    assert list(found.notes) == [
        "<lora:big:0.7> cannot be used here and is left out.", "It was made with clip skip 2; Demo uses 1 here.",
        "Not used here: VAE, Hires upscale.",
    ]  # fmt: skip


async def test_a_model_that_cannot_be_read_is_passed_over(identifier: Identifier, tmp_path: Path) -> None:
    (tmp_path / "models" / "demo" / "unet" / "weights.safetensors").unlink()
    found = await of(identifier, "one", f"Model hash: {hash_of('other')[:10]}, Clip skip: 2")
    assert found.model.sentence == "Other, installed"


async def test_a_click_needs_no_hashes(identifier: Identifier) -> None:
    text = f"a fish\nNegative prompt: one\n{SETTINGS}, Model hash: {hash_of('other')[:10]}, Clip skip: 2"
    assert identifier.again(text, "other").request == (await identifier.identify(text)).request
    assert identifier.again(text, None).request.model is None


@pytest.mark.parametrize("ask", [lambda one: one.again("a fish", None), lambda one: one.again("", "demo")])
def test_text_of_another_form_is_refused(identifier: Identifier, ask: Callable[[Identifier], object]) -> None:
    with pytest.raises(UserError, match="no text in A1111's form"):
        ask(identifier)
