"""What is a member's own: defaults, private pictures, favourites; and the gallery that favourites lead to."""

from __future__ import annotations

import asyncio

import pytest

from playground import Message, Person
from tests.acceptance.conftest import Place, details_of, drawn
from tests.acceptance.test_settings import set_up

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def set_defaults(person: Person, values: dict[str, str | list[str]]) -> str:
    form = (await person.slash("my defaults")).modal
    assert form is not None
    return (await person.submit(form, values)).text


async def test_own_defaults_fill_in_what_presets_leave_open(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    said = await set_defaults(ana, {"Negative embeddings": "demo-tinted:0.8", "Size": "2:3"})
    assert said.startswith("Saved. You get demo-tinted:0.8, size 48x80 wherever you and the server's presets")
    assert "Everybody in the channel sees your pictures." in said
    own = await drawn(await ana.slash("imagine", prompt="a fish", steps=3))
    assert "with `demo-tinted:0.8`\nDemo · 48x80" in own.text
    typed = await drawn(await ana.slash("imagine", prompt="a fish", steps=3, size="64x64"))
    assert "with `demo-tinted:0.8`\nDemo · 64x64" in typed.text
    await mod.slash("preset save", name="house", embedding1="demo-watermark")
    await mod.slash("preset default", where="server", name="house")
    assert "with `demo-watermark`" in (await drawn(await ana.slash("imagine", prompt="a fish", steps=3))).text
    other = await drawn(await place.person("ben").slash("imagine", prompt="a fish", steps=3))
    assert "Demo · 64x64" in other.text


async def test_defaults_are_checked_and_shown_again(place: Place) -> None:
    ana = place.person("ana")
    assert "There's no embedding 'nothing' here" in await set_defaults(ana, {"Negative embeddings": "nothing"})
    await set_defaults(ana, {"Model": ["demo"], "Negative embeddings": "demo-tinted"})
    form = (await ana.slash("my defaults")).modal
    assert form is not None
    values = {field.label: getattr(field.item, "value", None) for field in form.fields}
    assert values["Negative embeddings"] == "demo-tinted"


async def test_private_pictures_are_seen_by_their_member_alone(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    assert "Only you see your pictures." in await set_defaults(ana, {"Who sees your pictures?": ["yes"]})
    message = await drawn(await ana.slash("imagine", prompt="a secret fish", steps=3))
    assert message.ephemeral
    again = await drawn(await ana.click(message, "Reroll"))
    assert again.ephemeral
    assert "CFG 4" in await details_of(ana, again)
    assert not [seen for seen in ben.sees() if "secret" in seen.text]
    assert (await place.row(2)).target.is_private


async def test_a_private_picture_whose_reply_has_expired_comes_as_a_direct_message(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    await set_defaults(ana, {"Who sees your pictures?": ["yes"]})
    await ana.slash("imagine", prompt="a secret fish", steps=40, count=4)
    place.discord.clock.advance(minutes=16)
    row = await place.row()
    assert row.message_id is not None
    assert not [seen for seen in ben.sees() if "secret" in seen.text]
    direct = await place.discord.wait_for(lambda message: message.id == row.message_id)
    assert "secret" in direct.text
    assert direct.channel_id != place.channel.id


async def test_a_heart_keeps_a_picture_for_its_giver(place: Place) -> None:
    ana, ben = place.person("ana"), place.person("ben")
    assert "You keep no pictures here yet" in (await drawn_list(ben)).text
    messages = [await drawn(await ana.slash("imagine", prompt=f"a fish {number}", steps=2)) for number in range(6)]
    for message in messages:
        await ben.react(message, "❤️")
    await in_the_list(ben, "a fish 5")
    page = await drawn_list(ben)
    assert page.ephemeral
    assert [f"a fish {number}" in page.text for number in range(6)] == [False, *[True] * 5]
    assert f"/{messages[5].channel_id}/{messages[5].id}" in page.text
    assert len(page.attachments) == 5
    older = await (await ben.click(page, "Older")).until(lambda seen: "a fish 0" in seen.text)
    assert [button.label for button in older.buttons] == ["Newer"]
    await ben.unreact(messages[5], "❤️")
    await in_the_list(ben, "a fish 5", is_there=False)
    assert "You keep no pictures here yet" in (await drawn_list(ana)).text


async def test_enough_hearts_bring_a_picture_into_the_gallery_once(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    panel = await set_up(mod, "Gallery", {"Channel": ["general"], "Hearts ❤️ that a picture needs": "2"})
    assert "for pictures with 2 hearts ❤️" in panel
    message = await drawn(await ana.slash("imagine", prompt="a lovely fish", steps=3))
    gallery = place.discord.channel("general", place.guild)
    await ana.react(message, "❤️")
    for name in ("ben", "cleo"):
        await place.person(name).react(message, "❤️")
    shown = await place.discord.wait_for(lambda seen: seen.channel_id == gallery.id and bool(seen.attachments), 20)
    assert "a lovely fish" in shown.text
    assert f"/{message.channel_id}/{message.id}" in shown.text
    await place.person("dora").react(message, "❤️")
    await drawn(await ana.slash("imagine", prompt="another fish", steps=3))  # the heart has been handled by then
    watcher = place.person("watcher")
    watcher.go_to(gallery)
    assert len([seen for seen in watcher.sees() if seen.attachments]) == 1


async def drawn_list(person: Person) -> Message:
    return await (await person.slash("favourites")).until(lambda seen: bool(seen.text))


async def in_the_list(person: Person, prompt: str, *, is_there: bool = True) -> None:
    """Wait until a reaction has been handled, which has no answer."""
    for _ in range(40):
        if (prompt in (await drawn_list(person)).text) is is_there:
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f"{prompt} is {'not ' if is_there else 'still '}in the list")
