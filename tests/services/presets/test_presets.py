"""Presets: whose settings count over whose, and that a server's own are its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from services.errors import UnknownName, UserError
from services.presets.presets import MAX_PRESETS, Presets
from services.presets.rules import Missing
from services.requests import GenerationRequest
from services.storage import Storage
from tests.services.presets.house import PresetShelf

HERE, ELSEWHERE = 1, 2
CHANNEL, OTHER_CHANNEL = 10, 11
AUTHOR = 7


@pytest.fixture
def shelf(tmp_path: Path) -> PresetShelf:
    return PresetShelf(tmp_path)


@pytest.fixture
async def presets(storage: Storage, shelf: PresetShelf) -> Presets:
    return shelf.presets(storage)


async def saved(presets: Presets, name: str, *, guild: int = HERE, **settings) -> None:
    await presets.save(guild, name, GenerationRequest(**settings), AUTHOR)


async def filled(
    presets: Presets, preset: str | None = None, *, guild: int | None = HERE, channel: int = CHANNEL, **typed
):
    return (await presets.fill_in(GenerationRequest(**typed), preset, guild, [channel])).request


async def used(presets: Presets, preset: str) -> None:
    await presets.count_use(await presets.fill_in(GenerationRequest(), preset, HERE, [CHANNEL]))


async def test_typed_counts_over_named_over_the_channels_over_the_servers(presets: Presets) -> None:
    await saved(presets, "server", cfg=1.5, steps=1, negative="server", size="64x64")
    await saved(presets, "channel", cfg=2.5, steps=2, negative="channel")
    await saved(presets, "named", cfg=3.5, steps=3)
    await presets.set_default(HERE, None, "server")
    await presets.set_default(HERE, CHANNEL, "channel")
    request = await filled(presets, "named", cfg=4.5)
    assert request == GenerationRequest(cfg=4.5, steps=3, negative="channel", size="64x64")
    assert (await filled(presets)).negative == "channel"
    assert (await filled(presets, channel=OTHER_CHANNEL)).negative == "server"
    await presets.set_default(HERE, CHANNEL, None)
    assert (await filled(presets)).negative == "server"


async def test_embeddings_typed_join_those_of_a_preset_that_was_named(presets: Presets) -> None:
    await saved(presets, "named", embeddings=("Blur", "tint:0.5"))
    assert (await filled(presets, "named")).embeddings == ("Blur", "tint:0.5")
    assert (await filled(presets, "named", embeddings=("noise",))).embeddings == ("Blur", "tint:0.5", "noise")
    # typed anew, it counts with its new strength and not twice
    assert (await filled(presets, "named", embeddings=("blur:0.3",))).embeddings == ("tint:0.5", "blur:0.3")


async def test_embeddings_of_a_default_preset_count_only_where_nobody_named_any(presets: Presets) -> None:
    await saved(presets, "default", embeddings=("Blur",))
    await saved(presets, "plain", cfg=3.0)
    await presets.set_default(HERE, None, "default")
    assert (await filled(presets)).embeddings == ("Blur",)
    assert (await filled(presets, "plain")).embeddings == ("Blur",)
    assert (await filled(presets, embeddings=("noise",))).embeddings == ("noise",)


async def test_another_servers_preset_is_unknown_here(presets: Presets) -> None:
    await saved(presets, "theirs", guild=ELSEWHERE, cfg=3.0)
    with pytest.raises(UnknownName, match=r"This server has no preset 'theirs'\. It has none yet; /preset save"):
        await presets.get(HERE, "theirs")
    await saved(presets, "ours", cfg=3.0)
    with pytest.raises(UnknownName, match=r"There are: ours\."):
        await filled(presets, "theirs")
    with pytest.raises(UnknownName):
        await presets.delete(HERE, "theirs")
    with pytest.raises(UnknownName):
        await presets.set_default(HERE, None, "theirs")
    assert [preset.name for preset in await presets.all(HERE)] == ["ours"]
    assert [one.value for one in presets.suggest(HERE, "th")] == ["ours"]


async def test_outside_of_servers_there_are_no_presets(presets: Presets) -> None:
    with pytest.raises(UserError, match="Presets belong to servers"):
        await filled(presets, "any", guild=None)
    assert await filled(presets, guild=None, cfg=3.0) == GenerationRequest(cfg=3.0)


async def test_names_are_kept_as_written_and_compared_without_regard_to_case(presets: Presets) -> None:
    assert await presets.save(HERE, " Über Portrait-2. ", GenerationRequest(cfg=3.0), AUTHOR)
    assert not await presets.save(HERE, "über portrait-2.", GenerationRequest(cfg=4.0), AUTHOR)
    preset = await presets.get(HERE, "ÜBER PORTRAIT-2.")
    assert (preset.name, preset.request.cfg) == ("Über Portrait-2.", 4.0)
    assert [one.value for one in presets.suggest(HERE, "uber")] == ["Über Portrait-2."]


@pytest.mark.parametrize("name", ["", " ", "x" * 33, "a/b", "*bold*", "@everyone", "line\nbreak", "nul\x00", "-dash"])
async def test_what_is_no_name_is_refused(presets: Presets, name: str) -> None:
    with pytest.raises(UserError, match="1 to 32 letters, digits, spaces"):
        await presets.save(HERE, name, GenerationRequest(cfg=3.0), AUTHOR)
    with pytest.raises(UnknownName):
        await presets.get(HERE, name)


async def test_an_empty_preset_is_refused(presets: Presets) -> None:
    with pytest.raises(UserError, match="needs at least one setting"):
        await presets.save(HERE, "empty", GenerationRequest(), AUTHOR)


async def test_a_server_holds_so_many_and_old_ones_can_still_be_changed(presets: Presets) -> None:
    for number in range(MAX_PRESETS):
        await saved(presets, f"p{number}", cfg=3.0)
    with pytest.raises(UserError, match=f"A server holds {MAX_PRESETS} presets: delete 1 first"):
        await saved(presets, "one more", cfg=3.0)
    assert not await presets.save(HERE, "P0", GenerationRequest(cfg=5.0), AUTHOR)
    await presets.delete(HERE, "p1")
    await saved(presets, "one more", cfg=3.0)
    assert len(presets.suggest(HERE, "")) == 25


async def test_deleting_a_default_leaves_no_default(presets: Presets) -> None:
    await saved(presets, "Default", cfg=3.0)
    await presets.set_default(HERE, CHANNEL, "default")
    assert (await filled(presets)).cfg == 3.0
    assert (await presets.delete(HERE, "DEFAULT")).name == "Default"
    assert (await filled(presets)).cfg is None
    assert presets.suggest(HERE, "") == []


async def test_uses_are_counted_and_the_most_used_come_first(presets: Presets) -> None:
    await saved(presets, "a", cfg=3.0)
    await saved(presets, "b", cfg=3.0)
    await asyncio.gather(*(used(presets, "B") for _ in range(3)))
    assert [(preset.name, preset.uses) for preset in await presets.all(HERE)] == [("b", 3), ("a", 0)]


async def test_names_are_known_again_after_a_start(presets: Presets, storage: Storage, shelf: PresetShelf) -> None:
    await saved(presets, "ours", cfg=3.0)
    await saved(presets, "theirs", guild=ELSEWHERE, cfg=3.0)
    started = shelf.presets(storage)
    assert started.suggest(HERE, "") == []
    await started.load()
    assert [one.value for one in started.suggest(HERE, "")] == ["ours"]
    assert started.suggest(None, "") == []


async def test_two_who_save_the_same_name_at_once_leave_one_preset(presets: Presets) -> None:
    for name in (f"p{number}" for number in range(60)):
        new = await asyncio.gather(
            *(presets.save(HERE, name, GenerationRequest(steps=steps), AUTHOR) for steps in range(1, 10))
        )
        assert sum(new) == 1
    assert len(await presets.all(HERE)) == 60


async def test_a_locked_setting_is_not_typed_over_and_the_member_is_told(presets: Presets) -> None:
    settings = GenerationRequest(cfg=6.0, steps=20, embeddings=("blur",), negative="grey")
    await presets.save(HERE, "portrait", settings, AUTHOR, locked=("embeddings", "cfg", "size"))
    wish = GenerationRequest(cfg=3.0, steps=5, embeddings=("tint",), size="48x48", prompt="a cat")
    done = await presets.fill_in(wish, "Portrait", HERE, [CHANNEL])
    assert done.request == replace(settings, steps=5, prompt="a cat")
    assert done.notes == ("embeddings, cfg and size are fixed by preset 'portrait', so yours did not count.",)
    same = await presets.fill_in(GenerationRequest(cfg=6.0, embeddings=("blur",)), "portrait", HERE, [CHANNEL])
    assert (same.request, same.notes) == (settings, ())


async def test_a_defaults_locks_hold_as_well_but_bind_no_other_preset(presets: Presets) -> None:
    await presets.save(HERE, "house", GenerationRequest(cfg=6.0, steps=9), AUTHOR, locked=("cfg", "negative"))
    await saved(presets, "named", cfg=8.0)
    await presets.set_default(HERE, None, "house")
    done = await presets.fill_in(GenerationRequest(cfg=3.0, negative="x"), None, HERE, [CHANNEL])
    assert done.request == GenerationRequest(cfg=6.0, steps=9)
    assert done.notes == ("negative and cfg are fixed by preset 'house', so yours did not count.",)
    done = await presets.fill_in(GenerationRequest(cfg=3.0), "named", HERE, [CHANNEL])
    assert done.request == GenerationRequest(cfg=8.0, steps=9)
    assert done.notes == ("cfg is fixed by preset 'house', so yours did not count.",)
    assert (await presets.fill_in(GenerationRequest(cfg=3.0), None, ELSEWHERE, [CHANNEL])).request.cfg == 3.0


async def test_what_was_removed_since_is_named_with_the_preset_that_needs_it(
    presets: Presets, shelf: PresetShelf
) -> None:
    await saved(presets, "old", embeddings=("blur:0.5", "tint"), cfg=5.0)
    shelf.remove("blur")
    assert presets.missing(await presets.get(HERE, "old")) == [Missing("embedding", "blur")]
    with pytest.raises(
        UnknownName, match="There is no embedding 'blur' here any more, and the preset 'old' needs it: use"
    ):
        await filled(presets, "old")
    await presets.set_default(HERE, None, "old")
    with pytest.raises(UnknownName, match="and the default preset 'old' needs it: name others yourself"):
        await filled(presets)
    assert (await filled(presets, embeddings=("noise",))).cfg == 5.0
    # the rest of it can be put right, and another name is still looked at
    old = await presets.get(HERE, "old")
    await presets.edit(replace(old, request=replace(old.request, cfg=7.0)), AUTHOR)
    with pytest.raises(UnknownName, match="There is no embedding 'blurr' here"):
        await presets.edit(replace(old, request=replace(old.request, embeddings=("blur", "blurr"))), AUTHOR)
    assert (await presets.get(HERE, "old")).request.cfg == 7.0


async def test_a_model_that_is_gone_is_named_unless_another_is_typed(presets: Presets, shelf: PresetShelf) -> None:
    await saved(presets, "small", model="demo", steps=3)
    shelf.shelf.mark_broken("demo", "its file is broken")
    with pytest.raises(UnknownName, match="There is no model 'demo' here any more, and the preset 'small' needs it"):
        await filled(presets, "small")
    assert (await filled(presets, "small", model="sdxl")).steps == 3


async def test_a_renamed_preset_stays_the_default(presets: Presets) -> None:
    await saved(presets, "one", cfg=3.0)
    await saved(presets, "other", cfg=4.0)
    await presets.set_default(HERE, CHANNEL, "one")
    assert (await presets.rename(HERE, "ONE", " Eins ")).name == "one"
    assert (await filled(presets)).cfg == 3.0
    assert dict(await presets.places(HERE)) == {CHANNEL: "Eins"}
    assert (await presets.rename(HERE, "eins", "EINS")).name == "Eins"
    assert [one.value for one in presets.suggest(HERE, "ein")] == ["EINS"]
    with pytest.raises(UserError, match="There is a preset 'Other' already"):
        await presets.rename(HERE, "eins", "Other")
    with pytest.raises(UserError, match="1 to 32 letters"):
        await presets.rename(HERE, "eins", "a/b")
    with pytest.raises(UnknownName):
        await presets.rename(HERE, "one", "new")


async def test_a_preset_that_was_deleted_meanwhile_does_not_come_back(presets: Presets) -> None:
    await saved(presets, "gone", cfg=3.0)
    preset = await presets.get(HERE, "gone")
    await presets.delete(HERE, "gone")
    with pytest.raises(UnknownName):
        await presets.edit(replace(preset, request=GenerationRequest(cfg=4.0)), AUTHOR)
    assert await presets.all(HERE) == []
