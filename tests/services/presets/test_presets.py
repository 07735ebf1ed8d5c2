"""Presets: whose settings win, and that a server's presets are its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from services.errors import UnknownName
from services.presets.layers import Filled
from services.presets.presets import MAX_PRESETS, Presets
from services.presets.rules import Missing
from services.requests import GenerationRequest, Place, Preset
from services.storage import Storage
from tests.builders import choices
from tests.refusals import refused
from tests.sentences.planning import UNKNOWN_EMBEDDING
from tests.sentences.presets import (
    DEFAULT_PRESET_NEEDS,
    LOCKED,
    NAME_RULE,
    NEEDS_A_SETTING,
    NONE_YET,
    PRESET_NEEDS,
    SERVER_IS_FULL,
    UNKNOWN_PRESET,
)
from tests.services.presets.bench import PresetBench

HERE, ELSEWHERE = 1, 2
CHANNEL, OTHER_CHANNEL = 10, 11
AUTHOR = 7


@pytest.fixture
def bench(tmp_path: Path) -> PresetBench:
    return PresetBench(tmp_path)


@pytest.fixture
async def presets(storage: Storage, bench: PresetBench) -> Presets:
    return bench.presets(storage)


async def saved(presets: Presets, name: str, *, guild: int = HERE, locked: tuple[str, ...] = (), **settings) -> bool:
    """Save a preset; True, if it is new."""
    return await presets.save(Preset(guild, name, GenerationRequest(**settings), AUTHOR, locked=locked))


async def filling(
    presets: Presets, preset: str | None = None, *, guild: int | None = HERE, channel: int = CHANNEL, **typed
) -> Filled:
    return await presets.fill_in(GenerationRequest(**typed), preset, Place(guild, (channel,)))


async def filled(
    presets: Presets, preset: str | None = None, *, guild: int | None = HERE, channel: int = CHANNEL, **typed
) -> GenerationRequest:
    return (await filling(presets, preset, guild=guild, channel=channel, **typed)).request


async def used(presets: Presets, preset: str) -> None:
    await presets.count_use(await filling(presets, preset))


def suggested(presets: Presets, guild: int | None, typed: str) -> list[str]:
    return [suggestion.value for suggestion in presets.suggest(guild, typed)]


async def test_typed_settings_win_over_the_named_preset_the_channels_default_and_the_servers(presets: Presets) -> None:
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


async def test_typed_embeddings_are_added_to_those_of_a_named_preset(presets: Presets) -> None:
    await saved(presets, "named", embeddings=choices("Blur", "tint:0.5"))
    assert (await filled(presets, "named")).embeddings == choices("Blur", "tint:0.5")
    assert (await filled(presets, "named", embeddings=choices("noise"))).embeddings == choices(
        "Blur", "tint:0.5", "noise"
    )
    # typed again, it replaces the preset's
    assert (await filled(presets, "named", embeddings=choices("blur:0.3"))).embeddings == choices(
        "tint:0.5", "blur:0.3"
    )


async def test_a_default_presets_embeddings_apply_only_if_none_were_named(presets: Presets) -> None:
    await saved(presets, "default", embeddings=choices("Blur"))
    await saved(presets, "plain", cfg=3.0)
    await presets.set_default(HERE, None, "default")
    assert (await filled(presets)).embeddings == choices("Blur")
    assert (await filled(presets, "plain")).embeddings == choices("Blur")
    assert (await filled(presets, embeddings=choices("noise"))).embeddings == choices("noise")
    assert (await filled(presets, negative="(noise:0.8)")).embeddings == choices("noise:0.8")


async def test_another_servers_preset_is_unknown_here(presets: Presets) -> None:
    await saved(presets, "theirs", guild=ELSEWHERE, cfg=3.0)
    with refused(f"{UNKNOWN_PRESET.format(name='theirs')} {NONE_YET}", UnknownName):
        await presets.get(HERE, "theirs")
    await saved(presets, "ours", cfg=3.0)
    with refused(f"{UNKNOWN_PRESET.format(name='theirs')} Did you mean ours?", UnknownName):
        await filled(presets, "theirs")
    with pytest.raises(UnknownName):
        await presets.delete(HERE, "theirs")
    with pytest.raises(UnknownName):
        await presets.set_default(HERE, None, "theirs")
    assert [preset.name for preset in await presets.all(HERE)] == ["ours"]
    assert suggested(presets, HERE, "th") == ["ours"]


async def test_outside_of_servers_there_are_no_presets(presets: Presets) -> None:
    with refused("Presets belong to servers"):
        await filled(presets, "any", guild=None)
    assert await filled(presets, guild=None, cfg=3.0) == GenerationRequest(cfg=3.0)


async def test_names_keep_their_case_and_are_compared_without_it(presets: Presets) -> None:
    assert await saved(presets, " Über Portrait-2. ", cfg=3.0)
    assert not await saved(presets, "über portrait-2.", cfg=4.0)
    preset = await presets.get(HERE, "ÜBER PORTRAIT-2.")
    assert (preset.name, preset.request.cfg) == ("Über Portrait-2.", 4.0)
    assert suggested(presets, HERE, "uber") == ["Über Portrait-2."]


@pytest.mark.parametrize("name", ["", " ", "x" * 33, "a/b", "*bold*", "@everyone", "line\nbreak", "nul\x00", "-dash"])
async def test_an_unusable_name_is_refused(presets: Presets, name: str) -> None:
    with refused(NAME_RULE):
        await saved(presets, name, cfg=3.0)
    with pytest.raises(UnknownName):
        await presets.get(HERE, name)


async def test_an_empty_preset_is_refused(presets: Presets) -> None:
    with refused(NEEDS_A_SETTING):
        await saved(presets, "empty")


async def test_a_full_server_can_still_change_its_presets(presets: Presets) -> None:
    for number in range(MAX_PRESETS):
        await saved(presets, f"p{number}", cfg=3.0)
    with refused(SERVER_IS_FULL.format(most=MAX_PRESETS, over=1)):
        await saved(presets, "one more", cfg=3.0)
    assert not await saved(presets, "P0", cfg=5.0)
    await presets.delete(HERE, "p1")
    await saved(presets, "one more", cfg=3.0)
    assert len(presets.suggest(HERE, "")) == 25


async def test_deleting_a_default_preset_clears_the_default(presets: Presets) -> None:
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


async def test_names_are_loaded_at_the_start(presets: Presets, storage: Storage, bench: PresetBench) -> None:
    await saved(presets, "ours", cfg=3.0)
    await saved(presets, "theirs", guild=ELSEWHERE, cfg=3.0)
    started = bench.presets(storage)
    assert started.suggest(HERE, "") == []
    await started.load()
    assert suggested(started, HERE, "") == ["ours"]
    assert started.suggest(None, "") == []


async def test_members_who_save_the_same_name_at_once_leave_one_preset(presets: Presets) -> None:
    for name in (f"p{number}" for number in range(60)):
        new = await asyncio.gather(*(saved(presets, name, steps=steps) for steps in range(1, 10)))
        assert sum(new) == 1
    assert len(await presets.all(HERE)) == 60


async def test_a_locked_setting_cannot_be_overridden_and_the_member_is_told(presets: Presets) -> None:
    settings = GenerationRequest(cfg=6.0, steps=20, embeddings=choices("blur"), negative="grey")
    await presets.save(Preset(HERE, "portrait", settings, AUTHOR, locked=("embeddings", "cfg", "size")))
    done = await filling(
        presets, "Portrait", cfg=3.0, steps=5, embeddings=choices("tint"), size="48x48", prompt="a cat"
    )
    assert done.request == replace(settings, steps=5, prompt="a cat")
    assert done.notes == (LOCKED.format(name="portrait", fields="embeddings, cfg and size", them="them"),)
    same = await filling(presets, "portrait", cfg=6.0, embeddings=choices("blur"))
    assert (same.request, same.notes) == (settings, ())


async def test_a_default_presets_locks_apply_to_members_but_not_to_other_presets(presets: Presets) -> None:
    await saved(presets, "base", cfg=6.0, steps=9, locked=("cfg", "negative"))
    await saved(presets, "named", cfg=8.0)
    await presets.set_default(HERE, None, "base")
    done = await filling(presets, cfg=3.0, negative="x")
    assert done.request == GenerationRequest(cfg=6.0, steps=9)
    assert done.notes == (LOCKED.format(name="base", fields="negative and cfg", them="them"),)
    done = await filling(presets, "named", cfg=3.0)
    assert done.request == GenerationRequest(cfg=8.0, steps=9)
    assert done.notes == (LOCKED.format(name="base", fields="cfg", them="it"),)
    assert (await filled(presets, guild=ELSEWHERE, cfg=3.0)).cfg == 3.0


async def test_an_uninstalled_embedding_is_named_with_the_preset_that_needs_it(
    presets: Presets, bench: PresetBench
) -> None:
    await saved(presets, "old", embeddings=choices("noise:0.5", "tint"), cfg=5.0)
    bench.uninstall("noise")
    assert presets.missing(await presets.get(HERE, "old")) == [Missing("embedding", "noise")]
    needed = {"name": "old", "what": "embedding 'noise'", "verb": "is"}
    with refused(f"{PRESET_NEEDS.format(**needed)} Use another preset, or ask", UnknownName):
        await filled(presets, "old")
    await presets.set_default(HERE, None, "old")
    with refused(f"{DEFAULT_PRESET_NEEDS.format(**needed)} Name your own, or ask", UnknownName):
        await filled(presets)
    assert (await filled(presets, embeddings=choices("Blur"))).cfg == 5.0
    # the rest of it can be changed, and new names are still checked
    old = await presets.get(HERE, "old")
    await presets.edit(replace(old, request=replace(old.request, cfg=7.0)), AUTHOR)
    with refused(UNKNOWN_EMBEDDING.format(name="noisee"), UnknownName):
        await presets.edit(replace(old, request=replace(old.request, embeddings=choices("noise", "noisee"))), AUTHOR)
    assert (await presets.get(HERE, "old")).request.cfg == 7.0


async def test_an_unusable_model_is_named_unless_another_is_typed(presets: Presets, bench: PresetBench) -> None:
    await saved(presets, "small", model="demo", steps=3)
    bench.shelf.mark_broken("demo", "its file is broken")
    with refused(PRESET_NEEDS.format(name="small", what="model 'demo'", verb="is"), UnknownName):
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
    assert suggested(presets, HERE, "ein") == ["EINS"]
    with refused("There's already a preset 'Other'"):
        await presets.rename(HERE, "eins", "Other")
    with refused(NAME_RULE):
        await presets.rename(HERE, "eins", "a/b")
    with pytest.raises(UnknownName):
        await presets.rename(HERE, "one", "new")


async def test_editing_does_not_bring_a_deleted_preset_back(presets: Presets) -> None:
    await saved(presets, "gone", cfg=3.0)
    preset = await presets.get(HERE, "gone")
    await presets.delete(HERE, "gone")
    with pytest.raises(UnknownName):
        await presets.edit(replace(preset, request=GenerationRequest(cfg=4.0)), AUTHOR)
    assert await presets.all(HERE) == []
