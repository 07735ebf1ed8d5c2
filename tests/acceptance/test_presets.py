"""Presets: members with Manage Server write them, and everyone uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground import NotPossible
from tests.acceptance.conftest import Place, details_of, drawn
from tests.acceptance.test_embeddings import vectors
from tests.sentences.checkpoints import UNKNOWN_MODEL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_preset_is_saved_by_a_manager_and_used_by_a_member(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    saved = await mod.slash("preset save", name="clean", embedding1="demo-watermark:0.9", negative="low quality", cfg=5)
    assert saved.text == "Saved **clean**. Use it with /imagine preset:clean"
    assert [choice.value for choice in await ana.autocomplete("imagine", "preset", "cl")] == ["clean"]
    reply = await ana.slash("imagine", prompt="a fish", preset="CLEAN", steps=4)
    message = await drawn(reply)
    assert "`demo-watermark:0.9`; in words: low quality\n-# Preset **clean**\n" in message.text
    assert "CFG 5 · 4 steps" in await details_of(ana, message)
    assert "used 1 time" in (await ana.slash("presets", name="clean")).text


async def test_the_form_is_filled_with_a_presets_prompt(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash("preset save", name="fish", prompt="a red fish", embedding1="demo-watermark:0.9", steps=4)
    await mod.slash("preset save", name="clean", embedding1="demo-watermark:0.9", negative="low quality", steps=4)
    form = (await ana.slash("compose", preset="fish")).modal
    assert form is not None
    assert "a red fish" in (await drawn(await ana.submit(form, {}))).text
    form = (await ana.slash("compose", preset="clean")).modal
    assert form is not None
    reply = await ana.submit(form, {"Prompt": "a tree"})
    assert "`demo-watermark:0.9`; in words: low quality" in (await drawn(reply)).text


async def test_members_cant_write_presets(place: Place) -> None:
    ana = place.person("ana")
    for command in ("preset save", "preset delete"):
        with pytest.raises(NotPossible, match=r"/preset requires manage_guild"):
            await ana.slash(command, name="x")
    assert (await ana.slash("presets")).text.endswith("There are none yet; /preset save makes one.")


async def test_the_most_specific_default_wins(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash("preset save", name="server", embedding1="demo-tinted", negative="blurry", cfg=6, steps=4)
    await mod.slash("preset save", name="channel", embedding1="demo-watermark", cfg=5)
    await mod.slash("preset save", name="named", embedding1="demo-washed-out")
    await mod.slash("preset default", where="server", name="server")
    await mod.slash("preset default", where="channel", name="channel")

    async def card(**options: Any) -> str:
        message = await drawn(await ana.slash("imagine", prompt="a fish", **options))
        return message.text + await details_of(ana, message)

    text = await card()
    assert "`demo-watermark`; in words: blurry" in text
    assert "CFG 5 · 4 steps" in text
    text = await card(preset="named", cfg=3)
    assert "`demo-washed-out`; in words: blurry" in text
    assert "CFG 3 · 4 steps" in text
    await mod.slash("preset default", where="channel")
    assert "`demo-tinted`; in words: blurry" in await card()


async def test_a_preset_is_deleted(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="gone", embedding1="demo-tinted")
    assert "**gone**: demo-tinted" in (await mod.slash("preset list")).text
    assert (await mod.slash("preset delete", name="GONE")).text == "Deleted **gone**."
    assert "This server has no preset 'gone'" in (await mod.slash("imagine", prompt="a fish", preset="gone")).text


async def test_a_misspelled_name_is_found_when_the_preset_is_saved(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    assert (
        "There's no embedding 'demo-tintet'"
        in (await mod.slash("preset save", name="x", embedding1="demo-tintet")).text
    )
    assert UNKNOWN_MODEL.format(name="demoo") in (await mod.slash("preset save", name="x", model="demoo")).text
    assert "There are none yet" in (await mod.slash("preset list")).text


async def test_a_preset_is_edited_with_options_and_with_a_form(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="x", embedding1="demo-tinted", negative="grey", cfg=5, size="48x48")
    reply = await mod.slash("preset edit", name="X", cfg=6, remove="size", embedding2="demo-watermark:0.5")
    assert reply.text == "Changed **x**."
    shown = (await mod.slash("preset show", name="x")).text
    assert "**embeddings**: demo-tinted, demo-watermark:0.5" in shown
    assert "**cfg**: 6" in shown
    assert "size" not in shown
    with pytest.raises(NotPossible, match="cfg must be between"):
        await mod.slash("preset edit", name="x", cfg=99)

    form = (await mod.slash("preset edit", name="x")).modal
    assert form is not None
    values = {field.label: getattr(field.item, "value", None) for field in form.fields}
    assert values["Negative embeddings"] == "demo-tinted, demo-watermark:0.5"
    assert values["Settings"] == "CFG scale: 6"
    typed = {"Negative prompt": "", "Settings": "cfg: 4, steps: 5, sampler: Euler", "Locked": ["steps"]}
    assert (await mod.submit(form, typed)).text == "Changed **x**."
    shown = (await mod.slash("preset show", name="x")).text
    assert "negative" not in shown
    assert "**cfg**: 4\n**steps**: 5 🔒\n**sampler**: euler" in shown
    form = (await mod.slash("preset edit", name="x")).modal
    assert form is not None
    refused = await mod.submit(form, {"Settings": "cfg: much"})
    assert "cfg must be a number, for example cfg: 6; you gave 'much'" in refused.text
    ben = place.person("ben")
    with pytest.raises(NotPossible, match="/preset requires manage_guild"):
        await ben.slash("preset edit", name="x")


async def test_the_longest_preset_fits_into_its_form_and_its_card(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    long = "a " * 290
    await mod.slash(
        "preset save", name="n" * 32, prompt=long, negative=long, model="demo", embedding1="demo-tinted:0.333333"
    )
    form = (await mod.slash("preset edit", name="n" * 32)).modal
    assert form is not None
    assert (await mod.submit(form, {})).text == f"Changed **{'n' * 32}**."
    assert "**prompt**: a a a" in (await mod.slash("preset show", name="n" * 32)).text


async def test_a_renamed_preset_stays_the_default(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash("preset save", name="old name", embedding1="demo-tinted", negative="blurry", steps=4)
    await mod.slash("preset save", name="taken", cfg=5)
    await mod.slash("preset default", where="channel", name="old name")
    await mod.slash("preset default", where="server", name="taken")
    assert "There's already a preset 'Taken'" in (await mod.slash("preset rename", name="old name", new="Taken")).text
    assert (
        await mod.slash("preset rename", name="OLD name", new="house")
    ).text == "**old name** is now called **house**."
    listed = (await ana.slash("presets")).text
    assert "**house**: demo-tinted, blurry · used 0 times · default here" in listed
    assert "**taken**: CFG scale: 5 · used 0 times · default of the server" in listed
    assert next(choice.value for choice in await ana.autocomplete("imagine", "preset", "hou")) == "house"
    assert "`demo-tinted`; in words: blurry" in (await drawn(await ana.slash("imagine", prompt="a fish"))).text


async def test_presets_are_exported_and_imported_as_a_file(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash(
        "preset save", name="clean", embedding1="demo-watermark:0.9", negative="blurry", steps=4, locked="cfg"
    )
    await mod.slash("preset save", name="other", cfg=5)
    exported = (await mod.slash("preset export")).message
    assert exported is not None
    assert exported.ephemeral
    data = await place.discord.fetch(exported.attachments[0])
    assert [preset["name"] for preset in json.loads(data)["presets"]] == ["clean", "other"]

    there = place.discord.add_guild("Another server", ["pictures"])
    for person in (mod, ana):
        person.go_to(place.discord.channel("pictures", there))
    with pytest.raises(NotPossible, match="/preset requires manage_guild"):
        await ana.slash("preset import", file=("presets.json", data))
    mod.may("manage_guild")
    await mod.slash("preset save", name="OTHER", cfg=9)
    reply = await mod.slash("preset import", file=("presets.json", data))
    text = (await reply.until(lambda message: "Added" in message.text)).text
    assert "Added: clean.\nKept as they were: other." in text
    picture = await drawn(await ana.slash("imagine", prompt="a fish", preset="clean", cfg=3))
    assert "`demo-watermark:0.9`; in words: blurry" in picture.text
    assert "Preset 'clean' locks cfg, so what you typed for it wasn't used." in picture.text
    reply = await mod.slash("preset import", file=("presets.json", data), replace=True)
    assert "Replaced: clean, other." in (await reply.until(lambda message: "Replaced" in message.text)).text


async def test_a_file_without_presets_is_refused(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    for data, words in ((b"\x89PNG", "That file isn't JSON"), (b"{}", "That file has no presets in it")):
        reply = await mod.slash("preset import", file=("presets.json", data))
        await reply.until(lambda message, words=words: words in message.text)
    assert "There are none yet" in (await mod.slash("preset list")).text
    assert "no presets yet" in (await mod.slash("preset export")).text


async def test_members_cant_override_what_a_default_locks_and_are_told(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    saved = await mod.slash(
        "preset save", name="house", embedding1="demo-tinted", cfg=5, steps=4, locked="embeddings, cfg"
    )
    assert saved.text.startswith("Saved **house**, with embeddings and cfg locked.")
    await mod.slash("preset default", where="server", name="house")
    message = await drawn(await ana.slash("imagine", prompt="a fish", cfg=9, embedding1="demo-watermark"))
    text = message.text
    assert "CFG 5 · 4 steps" in await details_of(ana, message)
    assert "-# Preset **house**, which locks embeddings and cfg" in text
    assert "`demo-tinted`" in text
    assert "demo-watermark" not in text
    assert "Preset 'house' locks embeddings and cfg, so what you typed for them wasn't used." in text
    assert (
        next(choice.value for choice in await mod.autocomplete("preset save", "locked", "cfg, ste", name="x"))
        == "cfg, steps"
    )


async def test_a_removed_embedding_is_named_wherever_its_preset_appears(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    installed = await mod.slash("embedding install", file=("fern.safetensors", vectors(77)))
    await installed.until(lambda message: "Installed **fern**" in message.text)
    await mod.slash("preset save", name="ferny", embedding1="fern:0.5", steps=4)
    removed = await mod.slash("embedding remove", name="fern")
    assert "can't be used now: ferny" in removed.text
    assert "⚠️ fern, no longer installed" in (await mod.slash("preset list")).text
    assert "fern:0.5 (no longer installed)" in (await mod.slash("preset show", name="ferny")).text
    refused = (await mod.slash("imagine", prompt="a tree", preset="ferny")).text
    assert "Preset 'ferny' needs embedding 'fern', which is no longer installed. Use another preset" in refused
    await mod.slash("preset edit", name="ferny", embedding1="demo-tinted")
    assert "`demo-tinted`" in (await drawn(await mod.slash("imagine", prompt="a tree", preset="ferny"))).text
    assert "used 1 time " in (await mod.slash("preset show", name="ferny")).text + " "
