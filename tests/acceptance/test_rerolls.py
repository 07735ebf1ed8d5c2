"""Rerolls by reaction and by button, and taking pictures down."""

from __future__ import annotations

import pytest

from playground import Message, Person
from tests.acceptance.conftest import Place, drawn, has_picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def picture_of(person: Person, **options: object) -> Message:
    request = {
        "prompt": "a yellow star at night",
        "negative": "blurry",
        "embedding1": "demo-washed-out:0.7",
        "steps": 5,
    }
    reply = await person.slash("imagine", **{**request, **options})
    return await drawn(reply)


def kept(text: str) -> list[str]:
    """The lines of a card that a reroll must repeat."""
    return [
        line for line in text.splitlines() if not line.startswith(("Seed", "Reroll", "<@")) and not line.endswith(" s")
    ]


async def test_anybody_rerolls_by_reaction(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture_of(ana, seed=9)
    await ben.react(first, "🔁")
    second = await place.discord.wait_for(lambda one: one.reply_to == first.id and has_picture(one))
    assert kept(second.text) == kept(first.text)
    assert "Seed: 9\n" not in second.text
    await ana.react(second, "🔁")
    third = await place.discord.wait_for(lambda one: one.reply_to == second.id and has_picture(one))
    assert third.attachments[0].url != second.attachments[0].url


async def test_the_button_rerolls_too(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture_of(ana)
    second = await drawn(await ben.click(first, "Reroll"))
    assert kept(second.text) == kept(first.text)
    assert "Reroll of an earlier picture" in second.text
    assert second.id != first.id


async def test_the_author_deletes_and_a_stranger_does_not(place: Place) -> None:
    ana, ben, mod = place.person("ana"), place.person("ben"), place.person("mod", "manage_messages")
    first, second = await picture_of(ana), await picture_of(ana)
    refused = await ben.click(first, "Delete")
    assert refused.text == "Only the member who asked for this picture, or a moderator, can delete it."
    await ana.click(first, "Delete")
    await mod.click(second, "Delete")
    gone = {first.id, second.id}
    await place.discord.until(
        lambda: True if not gone & {one.id for one in ana.sees()} else None, 5, lambda: "they are still there"
    )


async def test_a_reaction_taken_back_rerolls_nothing_more(place: Place) -> None:
    ana = place.person("ana")
    first = await picture_of(ana)
    await ana.react(first, "🔁")
    await ana.unreact(first, "🔁")
    await place.discord.wait_for(lambda one: one.reply_to == first.id and has_picture(one))
    assert await place.jobs_asked() == 2
