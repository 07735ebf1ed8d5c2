"""Presets: written by those who manage the server, used by everyone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Place, drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_preset_is_saved_by_a_manager_and_used_by_a_member(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    saved = await mod.slash("preset save", name="clean", embedding1="demo-watermark:0.9", negative="low quality", cfg=5)
    assert saved.text == "Saved **clean**: use it with /imagine preset:clean"
    assert [one.value for one in await ana.autocomplete("imagine", "preset", "cl")] == ["clean"]
    reply = await ana.slash("imagine", prompt="a fish", preset="CLEAN", steps=4)
    text = (await drawn(reply)).text
    assert "`demo-watermark:0.9` + low quality" in text
    assert "CFG 5 · 4 steps" in text
    assert "used 1 times" in (await ana.slash("preset show", name="clean")).text


async def test_a_member_may_not_write_presets(place: Place) -> None:
    ana = place.person("ana")
    for command in ("preset save", "preset delete"):
        reply = await ana.slash(command, name="x")
        assert "those who may manage the server" in reply.text
        assert reply.message is not None
        assert reply.message.ephemeral
    assert (await ana.slash("preset list")).text.endswith("There are none yet; /preset save makes one.")


async def test_defaults_apply_from_the_nearest_to_the_farthest(place: Place) -> None:
    mod, ana = place.person("mod", "manage_guild"), place.person("ana")
    await mod.slash("preset save", name="server", embedding1="demo-tinted", negative="blurry", cfg=6, steps=4)
    await mod.slash("preset save", name="channel", embedding1="demo-watermark", cfg=5)
    await mod.slash("preset save", name="named", embedding1="demo-washed-out")
    await mod.slash("preset default", where="server", name="server")
    await mod.slash("preset default", where="channel", name="channel")

    async def card(**options: Any) -> str:
        return (await drawn(await ana.slash("imagine", prompt="a fish", **options))).text

    text = await card()
    assert "`demo-watermark` + blurry" in text
    assert "CFG 5 · 4 steps" in text
    text = await card(preset="named", cfg=3)
    assert "`demo-washed-out` + blurry" in text
    assert "CFG 3 · 4 steps" in text
    await mod.slash("preset default", where="channel")
    assert "`demo-tinted` + blurry" in await card()


async def test_a_preset_is_deleted(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    await mod.slash("preset save", name="gone", embedding1="demo-tinted")
    assert "**gone**: demo-tinted" in (await mod.slash("preset list")).text
    assert (await mod.slash("preset delete", name="GONE")).text == "Deleted **gone**."
    assert "This server has no preset 'gone'" in (await mod.slash("imagine", prompt="a fish", preset="gone")).text


async def test_a_typing_error_is_found_when_the_preset_is_saved(place: Place) -> None:
    mod = place.person("mod", "manage_guild")
    assert (
        "There is no embedding 'demo-tintet'"
        in (await mod.slash("preset save", name="x", embedding1="demo-tintet")).text
    )
    assert "There is no model 'demoo'" in (await mod.slash("preset save", name="x", model="demoo")).text
    assert "There are none yet" in (await mod.slash("preset list")).text
