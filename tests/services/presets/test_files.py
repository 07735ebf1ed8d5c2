"""Presets as files: the same in another server, all or nothing, and no file does any harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.errors import UserError
from services.presets.fields import FIELDS, LOCKABLE
from services.presets.files import FORMAT, MAX_FILE_BYTES, VERSION, FilePreset, read_presets, write_presets
from services.presets.presets import MAX_PRESETS, Presets
from services.presets.rules import Missing, PresetRules
from services.requests import GenerationRequest, Preset, Saved
from services.storage import Storage
from tests.builders import choices
from tests.refusals import assert_sendable, refused
from tests.sentences.planning import OUT_OF_BOUNDS
from tests.sentences.presets import NAME_RULE, NEEDS_A_SETTING, SERVER_IS_FULL
from tests.services.presets.bench import PresetBench

HERE, ELSEWHERE, AUTHOR = 1, 2, 7


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> PresetRules:
    return PresetBench(tmp_path_factory.mktemp("presets")).rules


@pytest.fixture
async def presets(storage: Storage, tmp_path: Path) -> Presets:
    return PresetBench(tmp_path).presets(storage)


async def saved(presets: Presets, name: str, *, guild: int = HERE, locked: tuple[str, ...] = (), **settings) -> None:
    await presets.save(Preset(guild, name, GenerationRequest(**settings), AUTHOR, locked=locked))


def a_file(*entries: Any, **more: Any) -> bytes:
    return json.dumps({"format": FORMAT, "version": VERSION, "presets": list(entries), **more}).encode()


def an_entry(name: Any = "x", locked: Any = (), **settings: Any) -> dict[str, Any]:
    return {"name": name, "settings": settings, "locked": list(locked)}


async def test_an_exported_file_gives_another_server_the_same_presets(presets: Presets) -> None:
    await saved(presets, "a", cfg=6.5, embeddings=choices("blur:0.5"), locked=("cfg",))
    await saved(presets, "b", prompt="ein Fisch 🐟\n", negative="grau", model="demo", steps=3, count=2, size="48x48")
    done = await presets.import_file(ELSEWHERE, write_presets(await presets.all(HERE)), 9, replace_taken=False)
    assert done == Saved(added=("a", "b"), replaced=(), kept=())
    here, there = await presets.all(HERE), await presets.all(ELSEWHERE)
    assert there == [replace(preset, guild_id=ELSEWHERE, author_id=9) for preset in here]
    assert [suggestion.value for suggestion in presets.suggest(ELSEWHERE, "")] == ["a", "b"]


async def test_existing_presets_are_replaced_only_if_asked(presets: Presets) -> None:
    await saved(presets, "a", cfg=3.0)
    await saved(presets, "b", cfg=4.0)
    file = write_presets(await presets.all(HERE))
    await saved(presets, "A", guild=ELSEWHERE, cfg=9.0)
    done = await presets.import_file(ELSEWHERE, file, AUTHOR, replace_taken=False)
    assert done == Saved(added=("b",), replaced=(), kept=("a",))
    assert (await presets.get(ELSEWHERE, "a")).request.cfg == 9.0
    done = await presets.import_file(ELSEWHERE, file, AUTHOR, replace_taken=True)
    assert done == Saved(added=(), replaced=("a", "b"), kept=())
    assert (await presets.get(ELSEWHERE, "a")).request.cfg == 3.0


async def test_one_invalid_preset_keeps_the_whole_file_out(presets: Presets) -> None:
    good = Preset(HERE, "good", GenerationRequest(cfg=3.0), AUTHOR)
    for name, request, words in (
        ("bad", GenerationRequest(cfg=99.0), OUT_OF_BOUNDS.format(name="CFG", low=0, high=30, value=99)),
        ("b/d", GenerationRequest(cfg=9.0), NAME_RULE),
        ("bad", GenerationRequest(), NEEDS_A_SETTING),
    ):
        file = write_presets([good, Preset(HERE, name, request, AUTHOR)])
        with refused(f"'{name}' in the file: {words}"):
            await presets.import_file(ELSEWHERE, file, AUTHOR, replace_taken=True)
        assert await presets.all(ELSEWHERE) == []


async def test_an_imported_preset_may_name_what_is_not_installed_here(presets: Presets) -> None:
    request = GenerationRequest(model="elsewhere", embeddings=choices("moss:0.5"), size="512x512")
    file = write_presets([Preset(HERE, "good", request, AUTHOR)])
    await presets.import_file(ELSEWHERE, file, AUTHOR, replace_taken=False)
    (imported,) = await presets.all(ELSEWHERE)
    assert presets.missing(imported) == [Missing("model", "elsewhere"), Missing("embedding", "moss")]


async def test_an_import_cannot_exceed_the_limit_of_presets(presets: Presets) -> None:
    file = write_presets([Preset(HERE, f"p{number}", GenerationRequest(cfg=3.0), 1) for number in range(MAX_PRESETS)])
    await saved(presets, "P1", cfg=4.0)
    await saved(presets, "own", cfg=4.0)
    with refused(SERVER_IS_FULL.format(most=MAX_PRESETS, over=1)):
        await presets.import_file(HERE, file, AUTHOR, replace_taken=False)
    assert len(await presets.all(HERE)) == 2
    await presets.delete(HERE, "own")
    assert len((await presets.import_file(HERE, file, AUTHOR, replace_taken=False)).added) == MAX_PRESETS - 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "That file isn't JSON"),
        (b"\xff\xfe{", "That file isn't JSON"),
        (b"[" * 100_000, "That file isn't JSON"),
        (b"9" * 10_000, "That file isn't JSON"),
        (a_file(an_entry(cfg=float("nan"))), "That file isn't JSON"),
        (b" " * (MAX_FILE_BYTES + 1), f"a file of presets can have {MAX_FILE_BYTES:,}"),
        (b"[]", "That file has no presets in it"),
        (b"{}", "That file has no presets in it"),
        (a_file(), "That file has no presets in it"),
        (a_file(an_entry(cfg=3), version=True), "That file has no presets in it"),
        (a_file(an_entry(cfg=3), version=2), "uses format 2; this bot reads format 1"),
        (a_file(*[an_entry(f"p{n}", cfg=3) for n in range(101)]), "has 101 presets and a server can have 100"),
        (a_file("x"), "Preset number 1 in the file has no name"),
        (a_file(an_entry(cfg=3), an_entry(7)), "Preset number 2 in the file has no name"),
        (a_file({"name": "x"}), "'x' in the file has no settings"),
        (a_file(an_entry(cgf=3)), "'x' in the file sets 'cgf'; a preset can set model, embeddings"),
        (a_file(an_entry(seed=3)), "'x' in the file sets 'seed'"),
        (a_file(an_entry(cfg="6")), "cfg must be a number"),
        (a_file(an_entry(cfg=True)), "cfg must be a number"),
        (a_file(an_entry(cfg=10**400)), "cfg must be a number"),
        (a_file(an_entry(steps=2.5)), "steps must be a whole number"),
        (a_file(an_entry(steps=10**400)), "steps must be a whole number"),
        (a_file(an_entry(count=None)), "count must be a whole number"),
        (a_file(an_entry(embeddings="blur")), "embeddings must be a list of names"),
        (a_file(an_entry(embeddings=[])), "embeddings must be a list of names"),
        (a_file(an_entry(embeddings=["a", 1])), "embeddings must be a list of names"),
        (a_file(an_entry(model="\ud800")), "model must be a name"),
        (a_file(an_entry(model="x" * 101)), "model must be a name"),
        (a_file(an_entry(negative=["a"])), "negative must be text"),
        (a_file(an_entry(locked=["prompt"], cfg=3)), "locked must be a list of some of these: model, embeddings"),
        (a_file(an_entry(locked=[["cfg"]], cfg=3)), "locked must be a list"),
        (a_file(an_entry("X", cfg=3), an_entry("x ", cfg=3)), "'x' is in the file twice"),
    ],
)
def test_an_unusable_file_is_refused_with_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_presets(data, most=MAX_PRESETS)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_file_may_start_with_a_byte_order_mark_and_list_locks_in_any_order() -> None:
    data = b"\xef\xbb\xbf" + a_file(an_entry(" Portrait ", ["cfg", "model", "cfg"], cfg=6, negative=""))
    assert read_presets(data, most=1) == [
        FilePreset("Portrait", GenerationRequest(cfg=6, negative=""), ("model", "cfg"))
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
near_settings = st.dictionaries(st.sampled_from([*FIELDS, "seed"]), json_values, max_size=4)
near_entries = json_values | st.fixed_dictionaries(
    {"name": json_values | st.text(max_size=40), "settings": json_values | near_settings},
    optional={"locked": json_values | st.lists(st.sampled_from(LOCKABLE), max_size=3)},
)
near_files = json_values | st.fixed_dictionaries(
    {
        "format": st.just(FORMAT),
        "version": st.just(VERSION),
        "presets": json_values | st.lists(near_entries, max_size=3),
    }
)


@given(near_files)
@settings(max_examples=300)
def test_any_json_is_read_or_refused_with_a_sentence_that_can_be_sent(table: Any) -> None:
    try:
        read = read_presets(json.dumps(table).encode(), most=MAX_PRESETS)
    except UserError as error:
        assert_sendable(error)
    else:
        assert all(isinstance(preset.name, str) for preset in read)


@given(st.binary(max_size=200))
@example(b'{"format": "\\ud800"}')
@settings(max_examples=200)
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(UserError):
        read_presets(data, most=MAX_PRESETS)


@given(near_settings)
@settings(max_examples=200)
def test_any_preset_that_is_read_passes_the_rules_or_is_refused_with_a_sentence(
    rules: PresetRules, table: dict[str, Any]
) -> None:
    try:
        (read,) = read_presets(a_file(an_entry(**table)), most=1)
        settled = rules.settle(read.request, trusted=read.request)
    except UserError as error:
        assert_sendable(error)
    else:
        assert rules.settle(settled, trusted=settled) == settled
