"""Preset rows: names are unique regardless of case, and defaults follow their presets."""

from __future__ import annotations

import asyncpg
import pytest

from services.choices import EmbeddingChoice
from services.requests import WHOLE_SERVER, GenerationRequest, Preset, Saved
from services.storage import Storage
from services.storage.presets import PresetStore

SETTINGS = GenerationRequest(
    prompt="a fish", embeddings=(EmbeddingChoice("blur", 0.5), EmbeddingChoice("tint")), cfg=6.5, seed=0, negative=""
)


@pytest.fixture
async def presets(storage: Storage) -> PresetStore:
    return storage.presets


async def test_a_preset_is_read_back_as_saved(presets: PresetStore) -> None:
    preset = Preset(1, "Portrait", SETTINGS, author_id=2**62, locked=("cfg", "model"))
    assert await presets.save(preset)
    assert await presets.get(1, "pORTRAIT") == preset
    assert await presets.all(1) == [preset]
    assert await presets.get(2, "Portrait") is None


async def test_saving_again_overwrites_everything_but_name_and_uses(presets: PresetStore) -> None:
    await presets.save(Preset(1, "Portrait", SETTINGS, 5))
    await presets.count_use(1, "Portrait")
    assert not await presets.save(Preset(1, "PORTRAIT", GenerationRequest(steps=3), 6))
    assert await presets.get(1, "portrait") == Preset(1, "Portrait", GenerationRequest(steps=3), 6, uses=1)


async def test_names_are_listed_by_server(presets: PresetStore) -> None:
    for guild, name in ((1, "b"), (1, "a"), (2, "c")):
        await presets.save(Preset(guild, name, SETTINGS, 5))
    assert await presets.names() == {1: ["a", "b"], 2: ["c"]}


async def test_a_channels_default_precedes_the_servers(presets: PresetStore) -> None:
    for name in ("server", "channel", "later"):
        await presets.save(Preset(1, name, SETTINGS, 5))
    await presets.set_default(1, WHOLE_SERVER, "server")
    await presets.set_default(1, 10, "channel")
    assert [preset.name for preset in await presets.defaults(1, [10])] == ["channel", "server"]
    assert [preset.name for preset in await presets.defaults(1, [11])] == ["server"]
    assert [preset.name for preset in await presets.defaults(1, [12, 10])] == [
        "channel",
        "server",
    ]  # a thread in channel 10
    assert await presets.defaults(2, [10]) == []
    await presets.set_default(1, 10, "later")
    assert [preset.name for preset in await presets.defaults(1, [10])] == ["later", "server"]
    await presets.set_default(1, WHOLE_SERVER, None)
    assert [preset.name for preset in await presets.defaults(1, [10])] == ["later"]


async def test_deleting_a_preset_clears_its_defaults(presets: PresetStore) -> None:
    await presets.save(Preset(1, "one", SETTINGS, 5))
    await presets.set_default(1, 10, "one")
    assert await presets.delete(1, "ONE")
    assert not await presets.delete(1, "one")
    assert await presets.defaults(1, [10]) == []


async def test_a_renamed_preset_keeps_its_uses_and_its_defaults(presets: PresetStore) -> None:
    await presets.save(Preset(1, "one", SETTINGS, 5))
    await presets.save(Preset(1, "two", SETTINGS, 5))
    await presets.count_use(1, "one")
    await presets.set_default(1, 10, "one")
    await presets.set_default(1, WHOLE_SERVER, "two")
    assert await presets.rename(1, "ONE", "Uno")
    assert await presets.rename(1, "uno", "UNO")
    assert not await presets.rename(1, "uno", "Two")
    assert await presets.get(1, "uno") == Preset(1, "UNO", SETTINGS, 5, uses=1)
    assert await presets.default_names(1) == {10: "UNO", WHOLE_SERVER: "two"}
    assert await presets.default_names(2) == {}


async def test_presets_are_saved_all_or_none(presets: PresetStore) -> None:
    await presets.save(Preset(1, "one", SETTINGS, 5))
    new = GenerationRequest(steps=3)
    many = [Preset(1, name, new, 6) for name in ("ONE", "two")]
    assert await presets.save_all(many, replace=False) == Saved(added=("two",), replaced=(), kept=("ONE",))
    assert await presets.get(1, "one") == Preset(1, "one", SETTINGS, 5)
    assert await presets.save_all(many, replace=True) == Saved(added=(), replaced=("ONE", "two"), kept=())
    assert await presets.get(1, "one") == Preset(1, "one", new, 6)
    bad = Preset(1, "four", GenerationRequest(), None)  # pyright: ignore[reportArgumentType] - the database refuses it
    with pytest.raises(asyncpg.NotNullViolationError):
        await presets.save_all([Preset(1, "three", new, 6), bad], replace=True)
    assert sorted(preset.name for preset in await presets.all(1)) == ["one", "two"]
