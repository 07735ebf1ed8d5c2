"""Members request pictures with /imagine."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.acceptance.conftest import Place, details_of, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_picture_comes_with_its_card(place: Place) -> None:
    ana = place.person("ana")
    reply = await ana.slash(
        "imagine", prompt="a red fish in the sea", negative="blurry", embedding1="demo-artifacts", seed=7
    )
    assert reply.thinking
    message = await drawn(reply)
    (attachment,) = message.attachments
    assert attachment.description == "a red fish in the sea; drawn by Demo, seed 7, avoiding demo-artifacts"
    prompt, avoided, small = message.text.splitlines()
    assert prompt == "**a red fish in the sea**"
    assert avoided == "Avoids general quality, watermark, washed out, tint with `demo-artifacts`; in words: blurry"
    assert small.startswith("Demo · 64x64 · seed 7 · ")
    labels = [button.label for button in message.buttons]
    assert labels == ["Reroll", "Vary", "Edit", "Compare", "Details", "Delete"]
    await place.discord.wait_for(lambda seen: seen.id == message.id and seen.reactions.get("🔁") == 1)


async def test_the_picture_carries_its_settings(place: Place) -> None:
    reply = await place.person("ana").slash(
        "imagine",
        prompt="a tree in a meadow",
        embedding1="demo-watermark:0.8",
        negative="blurry",
        cfg=5,
        steps=8,
        seed=11,
    )
    (attachment,) = (await drawn(reply)).attachments
    picture = Image.open(io.BytesIO(await place.discord.fetch(attachment)))
    lines = picture.info["parameters"].splitlines()
    assert lines[0] == "a tree in a meadow"
    assert lines[1] == "Negative prompt: (demo-watermark:0.8), blurry"
    assert lines[2].startswith("Steps: 8, Sampler: DPM++ 2M, CFG scale: 5, Seed: 11, Size: 64x64, Model hash: ")
    assert 'TI hashes: "demo-watermark: ' in lines[2]


async def test_the_embedding_changes_the_picture(place: Place) -> None:
    """With another embedding, the same seed gives another picture; the same request gives the same picture."""
    ana = place.person("ana")
    pictures = []
    for embedding in ("demo-watermark", "demo-artifacts", "demo-artifacts"):
        reply = await ana.slash("imagine", prompt="a fish on a blue background", embedding1=embedding, seed=3, steps=6)
        pictures.append(await place.discord.fetch((await drawn(reply)).attachments[0]))
    assert pictures[0] != pictures[1] == pictures[2]


async def test_several_pictures_come_in_one_message(place: Place) -> None:
    reply = await place.person("ana").slash("imagine", prompt="a star at night", count=4, seed=100, steps=6)
    message = await drawn(reply)
    assert len(message.attachments) == 4
    assert "seeds 100 to 103" in message.text
    assert [file.description.split("seed ")[1][:3] for file in message.attachments if file.description] == [
        "100",
        "101",
        "102",
        "103",
    ]


async def test_without_embeddings_the_recommended_one_is_used(place: Place) -> None:
    reply = await place.person("ana").slash("imagine", prompt="a heart in the snow", steps=4)
    assert "`demo-artifacts`" in (await drawn(reply)).text


async def test_an_embedding_may_be_named_in_the_negative_prompt(place: Place) -> None:
    negative = "(demo-tinted:0.8), low quality"
    reply = await place.person("ana").slash("imagine", prompt="a heart in the snow", negative=negative, steps=4)
    assert "`demo-tinted:0.8`; in words: low quality" in (await drawn(reply)).text


async def test_autocomplete_offers_embeddings_that_fit_and_arent_picked(place: Place) -> None:
    ana = place.person("ana")
    choices = await ana.autocomplete("imagine", "embedding1", "", model="demo")
    assert [choice.value for choice in choices][:2] == ["demo-artifacts", "demo-watermark"]
    assert "general quality" in choices[0].name
    assert "4 vectors" in choices[0].name
    left = await ana.autocomplete("imagine", "embedding2", "", model="demo", embedding1="demo-artifacts:0.5")
    assert "demo-artifacts" not in [choice.value for choice in left]
    assert (await ana.autocomplete("imagine", "embedding1", "watermrk"))[0].value == "demo-watermark"
    assert (await ana.autocomplete("imagine", "embedding1", "demo-tinted:0.6"))[0].value == "demo-tinted:0.6"
    assert await ana.autocomplete("imagine", "embedding1", "", model="sd15") == []


async def test_a_request_can_be_written_in_a_form(place: Place) -> None:
    ana = place.person("ana")
    form = (await ana.slash("compose")).modal
    assert form is not None
    assert [field.label for field in form.fields] == ["Prompt", "Negative prompt", "Negative embeddings", "Settings"]
    reply = await ana.submit(
        form,
        {
            "Prompt": "a mushroom in the forest",
            "Negative embeddings": ["demo-tinted", "demo-washed-out"],
            "Settings": "Steps: 4, Seed: 5",
        },
    )
    message = await drawn(reply)
    assert "`demo-tinted` + `demo-washed-out`" in message.text
    assert "4 steps" in await details_of(ana, message)
    assert "seed 5 ·" in message.text


async def test_a_waiting_request_can_be_cancelled(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    slow = await ana.slash("imagine", prompt="a house at night", steps=50, count=3)
    waiting = await ben.slash("imagine", prompt="a house on a grey background", steps=48)
    card = await waiting.until(lambda message: "#1** · a house on a grey background · ready <t:" in message.text)
    stranger = await ana.click(card, "Cancel")
    assert "Only the member who asked" in stranger.text
    await ben.click(card, "Cancel")
    await waiting.until(lambda message: message.text == "Cancelled." and not message.buttons)
    await drawn(slow)
    assert not [message for message in ben.sees() if message.attachments and message.id == card.id]


async def test_progress_is_a_bar(place: Place) -> None:
    reply = await place.person("ana").slash("imagine", prompt="a tree at sunset", steps=50, count=2)
    await reply.until(lambda message: "█" in message.text and "of 50" in message.text)
    await drawn(reply)
