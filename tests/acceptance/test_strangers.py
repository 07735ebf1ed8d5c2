"""Servers of strangers: what belongs to one can't be seen, used, removed or replaced by another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground import Message, Person
from playground.actions.posting import post
from tests.acceptance.conftest import Place, drawn, has_picture
from tests.acceptance.test_embeddings import vectors

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def install(person: Person, name: str, seed: int) -> str:
    reply = await person.slash("embedding install", file=(f"{name}.safetensors", vectors(seed)))
    return (await reply.until(lambda message: bool(message.text) and not message.thinking)).text


def elsewhere(place: Place, name: str, *permissions: str) -> Person:
    """Somebody in a server of their own, who may do there what the permissions say."""
    guild = place.discord.add_guild("Another server", ["pictures"])
    return replace(place, guild=guild).person(name, *permissions)


async def test_an_embedding_belongs_to_the_server_that_installed_it(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    assert "Installed **lichen**" in await install(mod, "lichen", 101)
    info = await ana.slash("embedding info", name="lichen")
    assert "Available in: this server" in (await info.until(lambda message: "Made for" in message.text)).text
    boss = elsewhere(place, "boss", "manage_guild")

    assert [choice.value for choice in await ana.autocomplete("imagine", "embedding1", "liche")] == ["lichen"]
    for command in ("imagine", "preset save"):
        given = {"name": "x"} if command == "preset save" else {"prompt": "x"}
        assert "lichen" not in [one.value for one in await boss.autocomplete(command, "embedding1", "liche", **given)]
    assert "lichen" not in [choice.value for choice in await boss.autocomplete("embedding info", "name", "liche")]
    assert await boss.autocomplete("embedding remove", "name", "") == []
    assert "lichen" not in (await boss.slash("embedding list")).text
    assert "lichen" not in (await boss.slash("embedding browse", show="installed")).text
    for refused in (
        await boss.slash("imagine", prompt="a tree", embedding1="lichen"),
        await boss.slash("preset save", name="x", embedding1="lichen"),
        await boss.slash("embedding info", name="lichen"),
        await boss.slash("embedding remove", name="lichen"),
        await boss.slash("embedding publish", name="lichen"),
    ):
        assert "Installed" not in refused.text
        assert any(
            words in refused.text for words in ("There's no embedding 'lichen' here", "Only the bot's operators")
        )
    text = (await drawn(await boss.slash("imagine", prompt="a tree", negative="lichen", steps=4))).text
    assert "`lichen`" not in text


async def test_two_servers_may_use_the_same_name_for_different_embeddings(place: Place) -> None:
    mod, boss = place.person("mod", "manage_guild"), elsewhere(place, "boss", "manage_guild")
    for person, seed in ((mod, 103), (boss, 104)):
        assert "Installed **twin**" in await install(person, "twin", seed)
    cards = [
        (await (await person.slash("embedding info", name="twin")).until(lambda one: "content" in one.text)).text
        for person in (mod, boss)
    ]
    assert cards[0] != cards[1]
    assert (await boss.slash("embedding remove", name="twin")).text == "Removed **twin**."
    picture = await drawn(await mod.slash("imagine", prompt="a tree", embedding1="twin", steps=4))
    assert "`twin`" in picture.text


async def test_a_servers_own_embedding_comes_before_everyones(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    assert "Installed **demo-tinted**" in await install(mod, "demo-tinted", 105)
    assert (await mod.slash("embedding remove", name="demo-tinted")).text == "Removed **demo-tinted**."
    kept = await mod.slash("embedding remove", name="demo-tinted")
    assert kept.text == "demo-tinted ships with the bot and can't be removed."


async def test_an_embedding_isnt_installed_from_a_direct_message(place: Place) -> None:
    ana = place.person("ana", "manage_guild")
    ana.go_to(place.discord.world.direct_channel(ana.user))
    assert "Embeddings are installed in servers" in (await ana.slash("embedding install", url="https://hf.co/x")).text


def forged(place: Place, person: Person, job_id: int) -> Message:
    """A message of another bot, in this person's channel, with a button that names a job of ours."""
    stranger = place.discord.world.add_user("another bot", is_bot=True)
    button = {"type": 2, "style": 1, "label": "Reroll", "custom_id": f"reroll:{job_id}"}
    body = {"content": "a picture", "components": [{"type": 1, "components": [button]}]}
    record = post(place.discord.world, person.channel, stranger, body)
    return place.discord.view(record, person.user)


async def test_a_forged_button_shows_nothing_of_another_server(place: Place) -> None:
    ana = place.person("ana")
    picture = await drawn(await ana.slash("imagine", prompt="a secret place", steps=4))
    job = await place.row()
    eve = elsewhere(place, "eve")
    message = forged(place, eve, job.id)
    reply = await eve.click(message, "Reroll")
    assert reply.text == "That button isn't mine."
    place.discord.world.names_authors = False  # as Discord does at times
    try:
        await eve.react(message, "🔁")
        await ana.react(picture, "🔁")  # the bot handles reactions in order, so it has seen the forged one by then
        await place.discord.wait_for(lambda one: one.reply_to == picture.id and has_picture(one))
    finally:
        place.discord.world.names_authors = True
    assert not [one for one in eve.sees() if one.is_bot and "secret" in one.text]
    assert not [one for one in eve.sees() if has_picture(one)]


async def test_a_form_that_was_open_during_a_restart_says_so(place: Place) -> None:
    ana = place.person("ana")
    form = (await ana.slash("compose")).modal
    assert form is not None
    await place.bot.restart()
    assert (await ana.submit(form, {"Prompt": "a tree"})).text == "That form has expired; please open it again."


async def test_a_form_is_refused_after_its_member_lost_the_permission(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="x", cfg=5)
    form = (await mod.slash("preset edit", name="x")).modal
    assert form is not None
    place.guild.members[mod.id].role.permissions.discard("manage_guild")
    assert "You can't use /preset here" in (await mod.submit(form, {"Settings": "CFG scale: 4"})).text
    assert "cfg**: 5" in (await mod.slash("presets", name="x")).text
