"""A1111's text in the forms that other programs give it: what the member reads, and what the form is filled with."""

from __future__ import annotations

import json

import pytest

from playground import Message, Person
from services.infotext.metadata import read_text
from tests.acceptance.conftest import Place, drawn
from tests.acceptance.test_identify_files import answer, final
from tests.services.infotext.files.builders import PIXELS, png, text_chunk

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = ("Steps: 20", "Sampler: Euler a", "CFG scale: 7", "Seed: 11", "Size: 64x64", "Model: Demo")


async def card_of(person: Person, text: str) -> Message:
    return await answer(person, png(text_chunk(b"parameters", text, "iTXt"), PIXELS))


async def filled(person: Person, card: Message) -> dict[str, object]:
    """The values of the form, by their labels."""
    form = (await person.click(card, "Fill /imagine")).modal
    assert form is not None
    return {field.label: getattr(field.item, "value", None) for field in form.fields}


@pytest.mark.parametrize(
    "text",
    [
        f"a red fish\nNegative prompt: demo-tinted, blurry\n{' | '.join(SETTINGS)}",
        f"a red fish\nNegative prompt: demo-tinted, blurry\n{'; '.join(SETTINGS)}",
        "a red fish\nNegative prompt: demo-tinted, blurry\n" + "\n".join(SETTINGS),
        f"a red fish Negative prompt: demo-tinted, blurry {', '.join(SETTINGS)}",
        f'a red fish\nNegative prompt: demo-tinted, blurry\n{", ".join(SETTINGS)}, Note: "a,\nSteps: 5, Seed: 1"',
    ],
    ids=["bars", "semicolons", "a setting a line", "all in one line", "quoted over lines"],
)
async def test_settings_are_read_in_every_form(place: Place, text: str) -> None:
    ana = place.person("ana")
    values = await filled(ana, await card_of(ana, text))
    assert values["Prompt"] == "a red fish"
    assert values["Negative prompt"] == "blurry"
    assert values["Settings"] == ", ".join(SETTINGS)


async def test_what_follows_the_settings_is_noted(place: Place) -> None:
    card = await card_of(place.person("ana"), f"a red fish\n{', '.join(SETTINGS)}\nmade by ana")
    assert "Left out, because it follows the settings: made by ana" in card.text


async def test_civitais_resources_are_named(place: Place) -> None:
    resources = [
        {"type": "checkpoint", "modelVersionId": 1, "modelName": "Some Checkpoint"},
        {"type": "embed", "weight": 1, "modelVersionId": 2, "modelName": "EasyNegative"},
        {"type": "embed", "weight": 1, "modelVersionId": 3, "modelName": "Some Negative"},
        {"type": "embed", "weight": 1, "modelVersionId": 4, "modelName": "demo-tinted"},
        {"type": "lora", "weight": 0.8, "modelVersionId": 5, "modelName": "Some LoRA"},
        {"type": "upscaler", "modelName": "Sharp"},
    ]
    text = f"a red fish\nNegative prompt: demo-tinted\nSteps: 20, Seed: 11, Civitai resources: {json.dumps(resources)}"
    card = await card_of(place.person("ana"), text)
    for said in (
        "unknown model Some Checkpoint",
        "EasyNegative, known, not installed",
        "Some Negative: unknown",
        "demo-tinted, installed",
        "LoRAs can't be used here, so these are left out: Some LoRA.",
        "Not used here: upscaler Sharp.",
    ):
        assert said in card.text


@pytest.mark.parametrize(
    ("hashes", "standing"),
    [
        ("", "bad-artist, known, not installed"),
        (', TI hashes: "bad-artist: 2d356134903e"', "bad-artist, known, not installed"),
        (', TI hashes: "bad-artist: 012345678901"', "bad-artist, known, not installed, another file"),
    ],
)
async def test_a_known_name_stays_known_whatever_its_hash(place: Place, hashes: str, standing: str) -> None:
    card = await card_of(place.person("ana"), f"a\nNegative prompt: bad-artist\n{', '.join(SETTINGS)}{hashes}")
    assert f"{standing}\n" in card.text


async def test_the_bots_own_pictures_are_known_without_their_text(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    message = await drawn(
        await ana.slash(
            "imagine", prompt="a red fish", negative="blurry", embedding1="demo-tinted:0.8", seed=9, steps=3
        )
    )
    first = message.attachments[0]
    place.discord.world.attachments[first.id] = (first.filename, png(PIXELS))
    assert read_text(await place.discord.fetch(first)) is None
    card = await final(await ben.context_menu("Identify picture", message))
    assert "Negative prompt: (demo-tinted:0.8), blurry\nSteps: 3," in card.text
    assert "Demo, installed" in card.text
    assert (await filled(ben, card))["Prompt"] == "a red fish"
