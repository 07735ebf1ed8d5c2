"""Rerolls by reaction and by button, and deleting pictures."""

from __future__ import annotations

import pytest

from cogs.answers.reactions import MAX_REACTIONS
from playground import Message, Person
from tests.acceptance.conftest import Place, drawn, reroll_of

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


def stable_lines(text: str) -> list[str]:
    """The lines of a card that don't change in a reroll."""
    return [line for line in text.splitlines() if not line.startswith("<@") and not line.endswith(" s")]


async def test_anyone_can_reroll_with_a_reaction(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture_of(ana, seed=9)
    await ben.react(first, "🔁")
    second = await reroll_of(place.discord, first)
    assert stable_lines(second.text) == stable_lines(first.text)
    assert "seed 9 ·" not in second.text
    await ana.react(second, "🔁")
    third = await reroll_of(place.discord, second)
    assert third.attachments[0].url != second.attachments[0].url


async def test_anyone_can_reroll_with_the_button(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    first = await picture_of(ana)
    second = await drawn(await ben.click(first, "Reroll"))
    assert stable_lines(second.text) == stable_lines(first.text)
    assert "Reroll · Demo" in second.text
    assert second.id != first.id


async def test_only_the_author_or_a_moderator_can_delete(place: Place) -> None:
    ana, ben, mod = place.person("ana"), place.person("ben"), place.person("mod", "manage_messages")
    first, second = await picture_of(ana), await picture_of(ana)
    refused = await ben.click(first, "Delete")
    assert refused.text == "Only the member who asked for this picture, or a moderator, can delete it."
    await ana.click(first, "Delete")
    await mod.click(second, "Delete")
    gone = {first.id, second.id}
    await place.discord.until(
        lambda: True if not gone & {message.id for message in ana.sees()} else None, 5, lambda: "they are still there"
    )


async def test_a_removed_reaction_rerolls_only_once(place: Place) -> None:
    ana = place.person("ana")
    first = await picture_of(ana)
    await ana.react(first, "🔁")
    await ana.unreact(first, "🔁")
    await ana.react(first, "🔁")
    await reroll_of(place.discord, first)
    assert await place.uses() == 2


async def test_many_reactions_are_answered_with_one_direct_message(place: Place) -> None:
    """More than the line takes from a member, and more than are followed at a time."""
    ana, cleo = place.person("ana"), place.person("cleo")
    pictures = [await picture_of(ana, steps=1) for _ in range(MAX_REACTIONS + 2)]
    for picture in pictures:
        await cleo.react(picture, "🔁")
    await reroll_of(place.discord, pictures[0])
    await drawn(await ana.slash("imagine", prompt="a star", steps=1))
    (told,) = cleo.direct_messages()
    assert told.text.startswith(("That's more 🔁 than I can follow.", "You already have "))
    assert await place.uses() <= len(pictures) + MAX_REACTIONS + 1
