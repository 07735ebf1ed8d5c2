"""Embeddings in a preset's negative text: checked, locked and missed like those of its options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.errors import UnknownName, UserError
from services.planning.extraction import extract_embeddings
from services.planning.planner import Planner
from services.presets.files import write_presets
from services.presets.presets import Presets
from services.presets.rules import Missing
from services.requests import GenerationRequest, Place, Preset
from services.storage import Storage
from tests.builders import a_stock, choices
from tests.refusals import refused
from tests.sentences.planning import NAMED_TWICE
from tests.sentences.presets import DEFAULT_PRESET_NEEDS, LOCKED, PRESET_NEEDS
from tests.services.presets.bench import PresetBench

HERE, AUTHOR = 1, 7
PLACE = Place(HERE, (10,))


@pytest.fixture
def bench(tmp_path: Path) -> PresetBench:
    return PresetBench(tmp_path)


@pytest.fixture
async def presets(storage: Storage, bench: PresetBench) -> Presets:
    return bench.presets(storage)


def a_preset(name: str = "portrait", *, locked: tuple[str, ...] = (), **settings: Any) -> Preset:
    return Preset(HERE, name, GenerationRequest(**settings), AUTHOR, locked=locked)


def sentence_of_imagine(bench: PresetBench, settings: dict[str, Any]) -> str:
    """What a member reads who types these settings."""
    stock = a_stock(bench.library, bench.shelf)
    request = extract_embeddings(GenerationRequest(prompt="a fish", **settings), stock).request
    with pytest.raises(UserError) as caught:
        Planner(stock).plan(request)
    return str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"negative": "(tint:3), blurry"},
        {"negative": "Blur, tint, noise, EasyNegative"},
        {"negative": "Blur, tint, ugly", "embeddings": choices("noise", "EasyNegative")},
        {"negative": "(EasyNegative:1.2), blurry", "model": "demo"},
        {"negative": "(BadDream:1.2), blurry"},
        {"negative": "smudge"},
        {"negative": "(Blur:0.8)", "cfg": 1.0},
    ],
)
async def test_a_preset_is_refused_with_the_sentence_of_imagine(
    bench: PresetBench, presets: Presets, settings: dict[str, Any]
) -> None:
    sentence = sentence_of_imagine(bench, settings)
    with refused(sentence):
        await presets.save(a_preset(**settings))
    await presets.save(a_preset(cfg=5.0))
    with refused(sentence):
        await presets.edit(a_preset(**settings), AUTHOR)


@pytest.mark.parametrize("negative", ["(tint:3), blurry", "Blur, tint, noise, EasyNegative", "(smudge:3)"])
async def test_an_import_is_refused_if_the_text_is_impossible_everywhere(presets: Presets, negative: str) -> None:
    with pytest.raises(UserError, match="'portrait' in the file: "):
        await presets.import_file(HERE, write_presets([a_preset(negative=negative)]), AUTHOR, replace_taken=True)
    assert await presets.all(HERE) == []


async def test_an_imported_preset_marks_what_its_text_names_and_is_not_installed(presets: Presets) -> None:
    file = write_presets([a_preset(negative="(smudge:0.8), blurry")])
    await presets.import_file(HERE, file, AUTHOR, replace_taken=False)
    preset = await presets.get(HERE, "portrait")
    assert preset.request == GenerationRequest(embeddings=choices("smudge:0.8"), negative="blurry")
    assert presets.missing(preset) == [Missing("embedding", "smudge")]


async def test_embeddings_of_the_text_are_stored_as_if_they_had_been_options(presets: Presets) -> None:
    await presets.save(a_preset(negative="(Blur:1.2), blurry", embeddings=choices("tint")))
    stored = await presets.get(HERE, "portrait")
    assert stored.request == GenerationRequest(embeddings=choices("tint", "Blur:1.2"), negative="blurry")


async def test_an_embedding_in_option_and_text_is_stored_once(presets: Presets) -> None:
    await presets.save(a_preset(negative="cast", embeddings=choices("tint:0.5")))
    stored = await presets.get(HERE, "portrait")
    assert stored.request == GenerationRequest(embeddings=choices("tint:0.5"))


async def test_names_are_stored_without_a_files_ending(presets: Presets) -> None:
    """Otherwise an embedding that is typed again would not replace it, and its removal would warn of nothing."""
    await presets.save(a_preset(embeddings=choices("tint.safetensors:0.5")))
    assert (await presets.get(HERE, "portrait")).request.embeddings == choices("tint:0.5")
    typed = GenerationRequest(embeddings=choices("tint.pt:1.5"), negative="noise.bin")
    filled = await presets.fill_in(typed, "portrait", PLACE)
    assert filled.request.embeddings == choices("tint:1.5", "noise:1")


async def test_locked_embeddings_are_locked_wherever_the_preset_names_them(presets: Presets) -> None:
    await presets.save(a_preset(negative="(Blur:1.2), blurry", embeddings=choices("tint"), locked=("embeddings",)))
    plain = await presets.fill_in(GenerationRequest(prompt="a fish"), "portrait", PLACE)
    assert (plain.request.embeddings, plain.notes) == (choices("tint", "Blur:1.2"), ())
    typed = await presets.fill_in(GenerationRequest(prompt="a fish", negative="ugly"), "portrait", PLACE)
    assert typed.request.embeddings == choices("tint", "Blur:1.2")
    assert typed.request.negative == "ugly"


async def test_locked_embeddings_cannot_be_overridden_in_the_text(presets: Presets) -> None:
    await presets.save(a_preset(embeddings=choices("tint"), locked=("embeddings",)))
    typed = await presets.fill_in(GenerationRequest(negative="(noise:0.5), ugly"), "portrait", PLACE)
    assert typed.request == GenerationRequest(embeddings=choices("tint"), negative="ugly")
    assert typed.notes == (LOCKED.format(name="portrait", fields="embeddings", them="them"),)


async def test_an_embedding_typed_in_the_text_replaces_the_presets(presets: Presets) -> None:
    await presets.save(a_preset(embeddings=choices("tint:0.5", "noise"), negative="grey"))
    filled = await presets.fill_in(GenerationRequest(negative="(tint:1.5), ugly"), "portrait", PLACE)
    assert filled.request == GenerationRequest(embeddings=choices("noise", "tint:1.5"), negative="ugly")


async def test_a_member_reads_that_an_embedding_was_named_twice(presets: Presets) -> None:
    filled = await presets.fill_in(GenerationRequest(negative="tint, (cast:1.2)"), None, PLACE)
    assert filled.request.embeddings == choices("tint:1")
    assert filled.notes == (NAMED_TWICE.format(name="tint", used="tint:1"),)


async def test_an_uninstalled_embedding_of_the_text_is_missed(bench: PresetBench, presets: Presets) -> None:
    await presets.save(a_preset(negative="(noise:0.8), blurry"))
    bench.uninstall("noise")
    assert presets.missing(await presets.get(HERE, "portrait")) == [Missing("embedding", "noise")]
    needed = {"name": "portrait", "what": "embedding 'noise'", "verb": "is"}
    with refused(PRESET_NEEDS.format(**needed), UnknownName):
        await presets.fill_in(GenerationRequest(), "portrait", PLACE)
    await presets.set_default(HERE, None, "portrait")
    with refused(DEFAULT_PRESET_NEEDS.format(**needed), UnknownName):
        await presets.fill_in(GenerationRequest(), None, PLACE)


class TestRowsOfEarlierVersions:
    """They have embeddings in their negative text, unchecked."""

    async def test_their_embeddings_are_used(self, presets: Presets, storage: Storage) -> None:
        await storage.presets.save(a_preset(negative="(noise:1.2), blurry", embeddings=choices("tint")))
        filled = await presets.fill_in(GenerationRequest(), "portrait", PLACE)
        assert filled.request == GenerationRequest(embeddings=choices("tint", "noise:1.2"), negative="blurry")

    async def test_their_locks_hold(self, presets: Presets, storage: Storage) -> None:
        row = a_preset(negative="(noise:1.2), blurry", embeddings=choices("tint"), locked=("embeddings",))
        await storage.presets.save(row)
        filled = await presets.fill_in(GenerationRequest(negative="ugly"), "portrait", PLACE)
        assert filled.request == GenerationRequest(embeddings=choices("tint", "noise:1.2"), negative="ugly")

    async def test_what_they_miss_is_marked(self, presets: Presets, storage: Storage) -> None:
        await storage.presets.save(a_preset(negative="(smudge:1.2), blurry"))
        preset = await presets.get(HERE, "portrait")
        assert presets.missing(preset) == [Missing("embedding", "smudge")]
        with refused(PRESET_NEEDS.format(name="portrait", what="embedding 'smudge'", verb="is"), UnknownName):
            await presets.fill_in(GenerationRequest(), "portrait", PLACE)

    async def test_they_can_be_edited_and_are_stored_in_the_new_form(self, presets: Presets, storage: Storage) -> None:
        await storage.presets.save(a_preset(negative="(smudge:1.2), blurry", cfg=5.0))
        old = await presets.get(HERE, "portrait")
        await presets.edit(replace(old, request=replace(old.request, cfg=7.0)), AUTHOR)
        edited = await presets.get(HERE, "portrait")
        assert edited.request == GenerationRequest(embeddings=choices("smudge:1.2"), negative="blurry", cfg=7.0)

    async def test_as_a_default_they_do_not_stop_members_who_choose_their_own(
        self, presets: Presets, storage: Storage
    ) -> None:
        await storage.presets.save(a_preset(negative="(smudge:1.2), blurry", cfg=5.0))
        await presets.set_default(HERE, None, "portrait")
        filled = await presets.fill_in(GenerationRequest(embeddings=choices("tint")), None, PLACE)
        assert filled.request == GenerationRequest(embeddings=choices("tint"), negative="blurry", cfg=5.0)
