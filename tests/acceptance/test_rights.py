"""Who may use what: rights that owners set under Integrations, and whom the operators blocked."""

from __future__ import annotations

import asyncio

import pytest

from cogs.guard import MAX_ACTS, MAX_TYPED
from playground import Person
from tests.acceptance.conftest import OPERATOR, Place, drawn, has_picture, reroll_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLE, USER, CHANNEL = 1, 2, 3
REFUSED = "You can't use /imagine here; ask someone who manages the server who may, and where."


def command_id(place: Place, name: str) -> int:
    return next(int(command["id"]) for command in place.discord.world.commands_in(None) if command["name"] == name)


@pytest.mark.parametrize("kind", [USER, CHANNEL])
async def test_a_command_taken_away_takes_its_buttons_forms_and_reactions(place: Place, kind: int) -> None:
    ana = place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    form = (await ana.slash("compose")).modal
    assert form is not None
    target = ana.id if kind == USER else place.channel.id
    place.guild.set_command_rule(command_id(place, "imagine"), kind, target, allowed=False)
    await asyncio.sleep(0.3)  # the event has no answer

    assert (await ana.click(picture, "Reroll")).text == REFUSED
    assert (await ana.submit(form, {"Prompt": "a fish"})).text == REFUSED
    await ana.react(picture, "🔁")
    async with asyncio.timeout(10):
        while not ana.direct_messages():  # noqa: ASYNC110 - another process sends it
            await asyncio.sleep(0.05)
    assert [message.text for message in ana.direct_messages()] == [REFUSED]
    assert len(place.pictures()) == 1

    await ana.click(picture, "Delete")  # nobody may be kept from taking back what is theirs
    async with asyncio.timeout(10):
        while place.pictures():  # noqa: ASYNC110 - another process deletes it
            await asyncio.sleep(0.05)


async def test_a_rule_for_the_whole_application_holds_where_a_command_has_none(place: Place) -> None:
    ana = place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    application = place.discord.world.application_id
    place.guild.set_command_rule(application, USER, ana.id, allowed=False)
    await asyncio.sleep(0.3)
    assert (await ana.click(picture, "Reroll")).text == REFUSED
    place.guild.set_command_rule(command_id(place, "imagine"), USER, ana.id, allowed=True)
    await asyncio.sleep(0.3)
    reply = await ana.click(picture, "Reroll")
    await reply.until(has_picture)


async def test_rights_that_discord_does_not_tell_hold_nobody_up(place: Place) -> None:
    ana = place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    place.guild.set_command_rule(0, USER, ana.id, allowed=True)  # forgets what was known
    await asyncio.sleep(0.3)
    place.discord.faults.http("GET", "/applications/*/guilds/*/commands/permissions", status=500, times=9)
    place.expected.append("/commands/permissions")
    await ana.react(picture, "🔁")
    await reroll_of(place.discord, picture)


async def test_a_program_that_types_and_clicks_for_a_member_is_held_up(place: Place) -> None:
    eve = place.person("eve")
    replies = await asyncio.gather(*(eve.slash("embedding list") for _ in range(MAX_ACTS + 2)))
    held_up = [reply.text for reply in replies if "That's more than I can follow. Please wait" in reply.text]
    assert len(held_up) == 2
    typed = await asyncio.gather(*(eve.autocomplete("imagine", "embedding1", "demo") for _ in range(MAX_TYPED + 2)))
    assert sum(choices == [] for choices in typed) == 2
    assert (await place.person("ana").slash("embedding list")).message is not None


@pytest.fixture
def olga(place: Place) -> Person:
    return place.person(OPERATOR)


async def test_a_blocked_member_gets_one_sentence_everywhere_but_their_own_data(place: Place, olga: Person) -> None:
    ana = place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    olga.go_to(place.discord.world.direct_channel(olga.user))
    await block(olga, str(ana.id))
    try:
        sentence = "You can't use me; the bot's operators can tell you why."
        assert (await ana.slash("imagine", prompt="a fish")).text == sentence
        assert (await ana.slash("embedding list")).text == sentence
        assert (await ana.slash("presets")).text == sentence
        assert (await ana.click(picture, "Reroll")).text == sentence
        assert await ana.autocomplete("imagine", "embedding1", "") == []
        await (await ana.slash("privacy show")).until(lambda message: "I store 1 request of yours" in message.text)
    finally:
        await block(olga, "")


async def block(olga: Person, members: str) -> None:
    panel = await olga.slash("settings show")
    assert panel.message is not None
    form = (await olga.click(panel.message, "Blocked servers and members")).modal
    assert form is not None
    await olga.submit(form, {"Members": members})
