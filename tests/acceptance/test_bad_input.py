"""Bad input gets a private sentence that says what to do, and nothing is queued."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playground import NotPossible
from tests.acceptance.conftest import Place, drawn, has_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: case → the options, and part of the sentence
REFUSED = {
    "unknown embedding": ({"embedding1": "fishfix"}, "There's no embedding 'fishfix' here. These fit Demo: demo-"),
    "wrong architecture": ({"embedding1": "EasyNegative"}, "can't work with Demo. These fit Demo: demo-artifacts"),
    "known by its alias": ({"embedding1": "UnrealDream"}, "UnrealisticDream was trained for SD 1.5"),
    "twice": ({"embedding1": "demo-tinted", "embedding2": "DEMO-TINTED"}, "demo-tinted is listed twice; for a stronger"),
    "twice under two names": ({"embedding1": "demo-artifacts", "embedding2": "demo-general"}, "demo-artifacts is listed twice"),
    "none": ({"embedding1": "none"}, "at least 1 negative embedding. Leave the option out"),
    "no strength": ({"embedding1": "demo-tinted:strong"}, "Strength must be a number from 0 to 2, for example demo-tinted:0.8"),
    "too strong": ({"embedding1": "demo-tinted:3"}, "Strength must be a number from 0 to 2"),
    "CFG 1": ({"cfg": 1}, "would have no effect. Choose a CFG above 1"),
    "odd size": ({"size": "65x64"}, "in steps of 16; instead of 65x64 try 64x64"),
    "huge size": ({"size": "4096x4096"}, "try 96x96"),
    "too many steps for the model": ({"steps": 51}, "Steps must be between 1 and 50; you gave 51"),
    "no size": ({"size": "big"}, "Write the size as width x height, for example 64x64"),
    "a very long prompt": ({"prompt": "fish " * 1000}, "has 1000 tokens and the limit is 300"),
    "a very long negative": ({"negative": "blurry " * 700}, "The negative prompt has 704 tokens"),
    "an empty prompt": ({"prompt": "   "}, "Tell me what to draw"),
    "unknown model": ({"model": "sd99"}, "There's no model 'sd99' here. Installed: demo"),
    "model that is not installed": ({"model": "sdxl"}, "isn't installed here. "),
    "unknown preset": ({"preset": "nosuch"}, "This server has no preset 'nosuch'"),
}  # fmt: skip

#: case → an option that Discord's client doesn't send, and what it says
OUT_OF_BOUNDS: dict[str, tuple[dict[str, Any], str]] = {
    "CFG 100": ({"cfg": 100}, "cfg must be between"),
    "no steps": ({"steps": 0}, "steps must be between 1 and 500"),
    "negative seed": ({"seed": -2}, "seed must be between -1 and 4294967295"),
    "huge seed": ({"seed": 2**40}, "seed must be between -1 and 4294967295"),
    "too many pictures": ({"count": 9}, "count must be between 1 and 4"),
}


@pytest.mark.parametrize("case", OUT_OF_BOUNDS)
async def test_numbers_out_of_bounds_are_refused_while_typing(place: Place, case: str) -> None:
    options, sentence = OUT_OF_BOUNDS[case]
    with pytest.raises(NotPossible, match=sentence):
        await place.person("ana").slash("imagine", prompt="a fish", **options)


@pytest.mark.parametrize("case", REFUSED)
async def test_bad_options_are_refused_with_a_private_sentence(place: Place, case: str) -> None:
    options, sentence = REFUSED[case]
    ana, ben = place.person("ana"), place.person("ben")
    reply = await ana.slash("imagine", **{"prompt": "a fish", **options})
    assert reply.message is not None
    assert reply.message.ephemeral
    assert sentence in reply.message.text
    assert len(reply.message.text) < 400
    assert reply.followups == []
    assert ben.sees() == []
    assert await place.uses() == 0


async def test_a_preset_and_options_with_four_embeddings_are_refused(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash("preset save", name="two", embedding1="demo-tinted", embedding2="demo-watermark")
    reply = await ana.slash(
        "imagine", prompt="a fish", preset="two", embedding1="demo-washed-out", embedding2="demo-artifacts"
    )
    assert "That's 4 embeddings: demo-tinted, demo-watermark, demo-washed-out, demo-artifacts" in reply.text
    assert "leave out 1" in reply.text
    assert await place.uses() == 0


async def test_another_servers_preset_is_unknown(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="ours", embedding1="demo-tinted")
    elsewhere = place.discord.add_guild("Elsewhere", ["pictures"])
    mod.go_to(place.discord.channel("pictures", elsewhere))
    reply = await mod.slash("imagine", prompt="a fish", preset="ours")
    assert "This server has no preset 'ours'" in reply.text
    assert [choice.value for choice in await mod.autocomplete("imagine", "preset", "")] == []


async def test_a_refusal_shows_a_name_as_typed(place: Place) -> None:
    reply = await place.person("ana").slash("imagine", prompt="a fish", embedding1="[gift] a_b **now**")
    assert r"\[gift\] a\_b \*\*now\*\*" in reply.text


async def test_a_sixth_waiting_request_is_refused(place: Place) -> None:
    ana = place.person("ana")
    # requests with different step counts can't share a batch: one is rendered, five wait
    replies = [await ana.slash("imagine", prompt="a house at night", steps=50 - number) for number in range(7)]
    refused = [reply for reply in replies if "which is the limit. Try again when one is done" in reply.text]
    assert refused
    assert all(reply.message and reply.message.ephemeral for reply in refused)
    for reply in replies[1:]:
        if reply not in refused:
            card = await reply.until(lambda message: has_picture(message) or bool(message.buttons))
            if not has_picture(card):
                await ana.click(card, "Cancel")
    await drawn(replies[0])


async def test_a_reaction_to_a_message_without_a_picture(place: Place) -> None:
    """On the bot's message it is answered privately; on a person's message the emoji may mean anything."""
    ana, ben = place.person("ana"), place.person("ben")
    reply = await ana.slash("imagine", prompt="a house at night", steps=50, count=2)
    card = await reply.until(lambda message: "step" in message.text)
    hello = await ana.say("hello")
    await ben.react(hello, "🔁")
    await ben.react(card, "👍")
    await ana.react(card, "🔁")
    await drawn(reply)
    (told,) = ana.direct_messages()
    assert told.text == "🔁 rerolls my pictures, and that message has none; /imagine makes one."
    assert ben.direct_messages() == []
    assert await place.uses() == 1


async def test_deleting_a_picture_twice_at_once(place: Place) -> None:
    ana, mod = place.person("ana"), place.person("mod", "manage_messages")
    message = await drawn(await ana.slash("imagine", prompt="a star", steps=4))
    first, second = await asyncio.gather(ana.click(message, "Delete"), mod.click(message, "Delete"))
    assert first.failed is None
    assert second.failed is None
    assert "incident" not in first.text + second.text
    await place.discord.until(lambda: None if ana.sees() else True, 10, lambda: "the picture is still there")


async def test_a_reroll_of_a_picture_that_is_being_deleted(place: Place) -> None:
    """Discord removes a message for everyone at once, but a click may already be on its way."""
    ana, ben = place.person("ana"), place.person("ben")
    message = await drawn(await ana.slash("imagine", prompt="a star", steps=4))
    _, late = await asyncio.gather(ana.click(message, "Delete"), ben.click(message, "Reroll"))
    assert late.failed is None
    assert "incident" not in late.text
