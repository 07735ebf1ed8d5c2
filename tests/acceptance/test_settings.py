"""What a server's owner allows, and what the bot's operators allow, holds on every way to a picture."""

from __future__ import annotations

import asyncio
import json

import pytest

from playground import Person
from tests.acceptance.conftest import OPERATOR, Place, details_of, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def set_up(person: Person, section: str, values: dict[str, str | list[str]]) -> str:
    """Change settings by the panel, and return the text of the panel afterwards."""
    shown = await person.slash("settings show")
    assert shown.message is not None
    assert shown.message.ephemeral
    form = (await person.click(shown.message, section)).modal
    assert form is not None
    return (await person.submit(form, values)).text


async def test_pictures_are_made_only_in_the_channels_chosen(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    text = await set_up(mod, "Channels", {"Channels": ["general"]})
    assert f"<#{place.discord.channel('general', place.guild).id}>" in text

    for refused in (
        await ana.slash("imagine", prompt="a fish"),
        await ana.slash("compose"),  # not even a form opens
        await ana.click(picture, "Reroll"),
    ):
        assert refused.message is not None
        assert refused.message.ephemeral
        assert refused.text.startswith("Pictures aren't made in this channel")
    await ana.react(picture, "🔁")
    told = await place.discord.wait_for(lambda message: message in ana.direct_messages())
    assert told.text.startswith("Pictures aren't made in this channel")

    ana.go_to(place.discord.channel("general", place.guild))
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
    ana.go_to(ana.start_thread("a thread of general"))
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))


async def test_a_request_that_waits_while_its_channel_is_closed_is_not_posted(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    reply = await ana.slash("imagine", prompt="a fish", steps=50, count=4, size="96x96")
    await set_up(mod, "Channels", {"Channels": ["general"]})
    message = await reply.until(lambda message: "aren't made in this channel" in message.text, 60)
    assert not message.attachments
    assert place.pictures() == []


async def test_an_age_restricted_channel_may_be_demanded(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await set_up(mod, "Channels", {"Only where Discord restricts the age": "yes"})
    assert "only in age-restricted channels" in (await ana.slash("imagine", prompt="a fish")).text
    ana.go_to(place.discord.add_channel("adults", place.guild, age_restricted=True))
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))


async def test_a_blocked_embedding_is_neither_offered_nor_drawn_with(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a fish", embedding1="demo-watermark", steps=4))
    text = await set_up(mod, "Models and embeddings", {"Never these embeddings": ["demo-watermark"]})
    assert "never demo-watermark" in text
    offered = [choice.value for choice in await ana.autocomplete("imagine", "embedding1")]
    assert offered
    assert "demo-watermark" not in offered
    sentence = "demo-watermark isn't used in this server; choose another embedding."
    assert (await ana.slash("imagine", prompt="a fish", embedding1="demo-watermark")).text == sentence
    assert (await ana.slash("imagine", prompt="a fish", negative="demo-watermark")).text == sentence
    assert (await ana.click(picture, "Reroll")).text == sentence
    assert "demo-watermark" not in (await ana.slash("embedding list")).text

    await set_up(mod, "Models and embeddings", {"Never these embeddings": [], "Only these embeddings": ["demo-tinted"]})
    assert "`demo-tinted`" in (await drawn(await ana.slash("imagine", prompt="a fish", steps=4))).text


async def test_a_blocked_model_is_neither_offered_nor_drawn_with(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await set_up(mod, "Models and embeddings", {"Never these models": ["demo"]})
    assert await ana.autocomplete("imagine", "model") == []
    assert "isn't used in this server" in (await ana.slash("imagine", prompt="a fish", model="demo")).text
    assert "isn't used in this server" in (await ana.slash("imagine", prompt="a fish")).text


async def test_limits_hold_for_what_is_typed_and_for_what_is_left_open(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    before = await drawn(await ana.slash("imagine", prompt="a fish", steps=9, count=2))
    numbers: dict[str, str | list[str]] = {"Most steps": "5", "Largest side": "48", "Most pictures at once": "1"}
    assert "sides up to 48 pixels, 5 steps, 1 picture at once" in await set_up(mod, "Limits", numbers)
    message = await drawn(await ana.slash("imagine", prompt="a fish"))
    assert "Demo · 48x48" in message.text
    assert "5 steps" in await details_of(ana, message)
    assert "Steps must be between 1 and 5; you gave 6." in (await ana.slash("imagine", prompt="x", steps=6)).text
    assert "Count must be between 1 and 1" in (await ana.slash("imagine", prompt="x", count=2)).text
    assert "to 48 pixels" in (await ana.slash("imagine", prompt="x", size="64x64")).text
    assert "in this server is" in (await ana.click(before, "Reroll")).text
    assert "Most steps takes a whole number" in await set_up(mod, "Limits", {"Most steps": "many"})


async def test_requests_in_line_and_in_an_hour_are_limited_by_role(place: Place) -> None:
    mod, ana, ben = place.person("mod", "manage_guild"), place.person("ana"), place.person("ben")
    await set_up(mod, "Limits", {"Requests of a member in an hour": "2"})
    role = next(role.name for role in place.guild.roles if role.name == ben.name)
    text = await set_up(mod, "Roles", {"A role with limits of its own": [role], "… and in an hour": "3"})
    assert "3 an hour" in text
    for person, most in ((ana, 2), (ben, 3)):
        for _ in range(most):
            await drawn(await person.slash("imagine", prompt="a fish", steps=1))
        refused = await person.slash("imagine", prompt="a fish", steps=1)
        assert refused.text == f"In this server you can ask for {most} requests an hour. Please try again later."


async def test_many_requests_at_once_dont_slip_past_the_limit(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await set_up(mod, "Limits", {"Requests of a member in an hour": "2"})
    replies = await asyncio.gather(*(ana.slash("imagine", prompt="a fish", steps=1) for _ in range(5)))
    refused = [reply for reply in replies if "requests an hour" in reply.text]
    for reply in replies:
        if reply not in refused:
            await drawn(reply)
    assert len(refused) >= 3


async def test_blocked_words_are_refused_without_saying_which(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    added = await mod.slash("settings blocklist add", words="ass, dead body")
    assert "Prompts have 2 terms to avoid now" in added.text
    await mod.slash("settings blocklist add", words="pretty", where="negative")
    sentence = "Your prompt contains something that isn't allowed here; please change it."
    assert (await ana.slash("imagine", prompt="a big 4SS in the grass")).text == sentence
    assert (await ana.slash("imagine", prompt="a fish", negative="PRETTY")).text == sentence.replace(
        "prompt", "negative prompt"
    )
    await drawn(await ana.slash("imagine", prompt="pretty grass", negative="ass", steps=4))

    tested = await mod.slash("settings blocklist test", text="the n1ce A$$")
    assert tested.text == "It would be refused: **A$$** is the term **ass**, in spite of look-alike characters."
    assert (await mod.slash("settings blocklist test", text="grass")).text == "Nothing in it is blocked here."
    assert "Prompts: dead body" in (await mod.slash("settings blocklist list")).text
    assert [choice.value for choice in await mod.autocomplete("settings blocklist remove", "word", "dea")] == [
        "dead body"
    ]
    await mod.slash("settings blocklist remove", word="dead body")
    assert "Did you mean ass?" in (await mod.slash("settings blocklist remove", word="asss")).text


async def test_settings_travel_as_a_file(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await set_up(mod, "Limits", {"Most steps": "7"})
    exported = (await mod.slash("settings export")).message
    assert exported is not None
    data = await place.discord.fetch(exported.attachments[0])
    assert json.loads(data)["max_steps"] == 7
    other = place.discord.add_guild("Another server", ["pictures"])
    mod.go_to(place.discord.channel("pictures", other))
    mod.may("manage_guild")
    imported = await mod.slash("settings import", file=("settings.json", data))
    await imported.until(lambda message: "7 steps" in message.text)
    refused = await mod.slash("settings import", file=("settings.json", b'{"max_steps": 0}'))
    await refused.until(lambda message: "max" in message.text and "greater than or equal to 1" in message.text)


async def test_only_managers_have_settings_and_a_form_is_checked_again(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    shown = await mod.slash("settings show")
    assert shown.message is not None
    form = (await mod.click(shown.message, "Limits")).modal
    assert form is not None
    place.guild.members[mod.id].role.permissions.discard("manage_guild")
    assert "You can't use /settings here" in (await mod.submit(form, {"Most steps": "3"})).text
    assert "You can't use /settings here" in (await mod.click(shown.message, "Limits")).text
    await drawn(await ana.slash("imagine", prompt="a fish", steps=4))


async def test_a_role_may_install_embeddings(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    file = ("broken.safetensors", b"nothing")
    assert "needs Manage Server" in (await ana.slash("embedding install", file=file)).text
    await set_up(mod, "Roles", {"May install embeddings": [ana.name]})
    tried = await ana.slash("embedding install", file=file)
    await tried.until(lambda message: message.text != "" and "Manage Server" not in message.text)


async def test_operators_pause_the_bot_announce_and_block(place: Place) -> None:
    olga, ana = place.discord.person(OPERATOR), place.person("ana")
    olga.go_to(place.discord.world.direct_channel(olga.user))
    try:
        text = await set_up(olga, "Pause and announcement", {"Paused": "yes", "Announcement": "Back at six."})
        assert "no new requests" in text
        refused = await ana.slash("imagine", prompt="a fish", steps=4)
        assert refused.text.startswith("I'm paused")
        assert refused.text.endswith("Back at six.")
        await set_up(olga, "Pause and announcement", {"Paused": "no"})
        picture = await drawn(await ana.slash("imagine", prompt="a fish", steps=4))
        assert "Back at six." in picture.text
        await set_up(olga, "Blocked servers and members", {"Members": str(ana.id)})
        assert "You can't use me" in (await ana.slash("imagine", prompt="a fish")).text
        assert "You can't use me" in (await ana.click(picture, "Reroll")).text
        await set_up(olga, "Blocked servers and members", {"Members": "", "Servers": str(place.guild.id)})
        assert "This server can't use me" in (await ana.slash("imagine", prompt="a fish")).text
        assert "isn't an id" in await set_up(olga, "Blocked servers and members", {"Members": "ana"})
    finally:
        imported = await olga.slash("settings import", file=("settings.json", b"{}"))
        await imported.until(lambda message: "Settings of the bot" in message.text)
    ana.go_to(place.discord.world.direct_channel(ana.user))
    assert "only the bot's operators have settings" in (await ana.slash("settings show")).text
