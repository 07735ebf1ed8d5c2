"""Checkpoints: the built-in entries, an operator's own, broken files, and models that aren't installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from embeddings.architecture import Architecture
from embeddings.catalog import BUILT_IN as CURATED
from embeddings.catalog import read_catalog
from services.checkpoints import Installation, Shelf, read_shelf
from services.checkpoints.installation import configuration_folder
from services.checkpoints.shelf import BUILT_IN
from services.checkpoints.sizes import smaller_size
from services.errors import UnknownName, UserError
from services.samplers import find_sampler
from tests.builders import DEMO_CHECKPOINT, WHOLE, a_checkpoint, a_shelf, a_single_file

SHIPPED = sorted(BUILT_IN.glob("*.toml"))

GOOD = 'id = "mine"\ntitle = "Mine"\narchitecture = "sd1"\nlineage = "sd15"\nhub = "a/b"\n'


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_built_in_entry_is_valid(path: Path) -> None:
    shelf = read_shelf(Path("/nonexistent"))
    entry = shelf.find(tomllib.loads(path.read_text())["id"])
    assert entry.id == path.stem
    assert find_sampler(entry.sampler) == entry.sampler
    assert entry.steps <= entry.max_steps
    for side in (entry.width, entry.height, entry.min_side, entry.max_side):
        assert side % entry.multiple == 0
        assert entry.min_side <= side <= entry.max_side
        assert side % entry.architecture.facts.latent_factor == 0


def test_the_usual_models_are_described_with_embeddings_of_the_catalog() -> None:
    shelf, catalog = read_shelf(Path("/nonexistent")), read_catalog((CURATED,))
    assert len(list(shelf)) >= 13
    for checkpoint in shelf:
        for name in checkpoint.recommended:
            entry = catalog.find(name)
            assert entry is not None, name
            assert entry.architecture is checkpoint.architecture
            assert entry.id == name
    with_some = [checkpoint.id for checkpoint in shelf if checkpoint.recommended]
    assert {checkpoint.id for checkpoint in shelf} - {*with_some} == {"sd21"}, "none is known for it"


def test_a_model_can_be_described_by_its_downloads(tmp_path: Path) -> None:
    address = f'[[downloads]]\nurl = "https://civitai.com/x"\nsha256 = "{"0" * 64}"\n'
    (tmp_path / "mine.toml").write_text(GOOD.replace('hub = "a/b"\n', address))
    mine = read_shelf(tmp_path).find("mine")
    assert (mine.single_file, mine.location(tmp_path)) == (True, tmp_path / "mine.safetensors")


def test_the_built_in_entries_have_no_problems_and_distinct_names() -> None:
    shelf = read_shelf(Path("/nonexistent"))
    assert shelf.problems == []
    names = [name for checkpoint in shelf for name in {name.casefold() for name in checkpoint.names}]
    assert len(names) == len(set(names))
    assert len(list(shelf)) == len(SHIPPED)


def test_the_demo_is_installed_out_of_the_box(tmp_path: Path) -> None:
    shelf = read_shelf(tmp_path)
    assert [checkpoint.id for checkpoint in shelf.installed] == ["demo"]
    assert shelf.installation("DEMO") == Installation.in_folder(DEMO_CHECKPOINT)


def test_for_a_model_that_is_not_installed_the_command_is_named(tmp_path: Path) -> None:
    shelf = read_shelf(tmp_path)
    with pytest.raises(
        UserError, match=r"Stable Diffusion 1\.5 isn't installed here\. The bot's operator can install it"
    ):
        shelf.find_installed("SD1.5")


def test_for_an_unknown_model_installed_ones_are_suggested(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"There's no model 'dmo' here\. Installed: demo\."):
        read_shelf(tmp_path).find("dmo")
    with pytest.raises(UnknownName, match=r"Installed: none\."):
        Shelf((), tmp_path).find("demo")


def test_broken_entries_are_reported_and_the_others_are_used(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    (tmp_path / "syntax.toml").write_text("id = ")
    (tmp_path / "latin1.toml").write_bytes('title = "Modèle"'.encode("latin-1"))
    (tmp_path / "unknown-key.toml").write_text(GOOD.replace("mine", "other") + "colour = 3\n")
    (tmp_path / "odd-size.toml").write_text(GOOD.replace("mine", "odd") + "width = 510\n")
    (tmp_path / "no-weights.toml").write_text(GOOD.replace("mine", "none").replace('hub = "a/b"\n', ""))
    (tmp_path / "twin.toml").write_text(GOOD)
    (tmp_path / "folder.toml").mkdir()
    shelf = read_shelf(tmp_path)
    assert shelf.find("mine").title == "Mine"
    assert {checkpoint.id for checkpoint in shelf} == {"mine"} | {path.stem for path in SHIPPED}
    reasons = {problem.name: problem.reason for problem in shelf.problems}
    broken = (
        "syntax.toml",
        "latin1.toml",
        "unknown-key.toml",
        "odd-size.toml",
        "no-weights.toml",
        "folder.toml",
        "mine",
    )
    assert sorted(reasons) == sorted(broken)
    assert reasons["unknown-key.toml"].startswith("colour:")
    assert "510 pixels isn't a multiple of 8 between 256 and 1024" in reasons["odd-size.toml"]
    assert "the first entry is used" in reasons["mine"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 65},
        {"height": 128},
        {"min_side": 60},
        {"max_side": 100},
        {"id": "Demo"},
        {"id": ""},
        {"cfg": 0},
        {"steps": 0},
        {"clip_skip": 9},
        {"architecture": "sd9"},
        {"path": "", "hub": ""},
        {"enlarge": 0},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_rendered_is_refused(wrong: dict[str, object]) -> None:
    good = a_checkpoint().model_dump()
    type(a_checkpoint()).model_validate(good)
    with pytest.raises(ValidationError):
        type(a_checkpoint()).model_validate({**good, **wrong})


def test_a_checkpoint_can_be_a_folder_or_a_single_file(tmp_path: Path) -> None:
    a_single_file(tmp_path / "one.safetensors")
    (tmp_path / "empty-folder").mkdir()
    file, folder = a_checkpoint("file", path="one.safetensors"), a_checkpoint("folder")
    empty, absolute = a_checkpoint("empty", path="empty-folder"), a_checkpoint("abs", path=str(DEMO_CHECKPOINT))
    shelf = a_shelf(tmp_path, folder, missing=[file, empty, absolute])
    assert {checkpoint.id for checkpoint in shelf.installed} == {"file", "folder", "abs"}


def test_a_single_file_borrows_the_configuration_of_its_architectures_folder(tmp_path: Path) -> None:
    folder, file = a_checkpoint("folder"), a_checkpoint("file", path="one.safetensors")
    weights = a_single_file(tmp_path / "one.safetensors")
    shelf = a_shelf(tmp_path, folder, missing=[file])
    assert shelf.installation("folder") == Installation.in_folder(tmp_path / "folder")
    assert shelf.installation("file") == Installation(weights, tmp_path / "folder")
    assert Shelf([file, folder], tmp_path).installation("file") == shelf.installation("file")  # in any order


def test_a_downloaded_configuration_is_preferred_to_another_models(tmp_path: Path) -> None:
    weights, own = a_single_file(tmp_path / "one.safetensors"), configuration_folder(tmp_path, Architecture.DEMO)
    own.mkdir(parents=True)
    (own / "model_index.json").write_text("{}")
    file = a_checkpoint("file", path="one.safetensors")
    assert own == tmp_path / "configurations" / "demo"
    assert a_shelf(tmp_path, a_checkpoint(), missing=[file]).installation("file") == Installation(weights, own)
    incomplete = '{"unet": ["diffusers", "UNet2DConditionModel"]}'  # as after an interrupted download
    (own / "model_index.json").write_text(incomplete)
    assert Shelf([a_checkpoint(), file], tmp_path).installation("file") == Installation(weights, tmp_path / "demo")


def test_a_single_file_without_a_configuration_is_not_installed(tmp_path: Path) -> None:
    a_single_file(tmp_path / "one.safetensors")
    file = a_checkpoint("file", Architecture.SD1, path="one.safetensors")
    shelf = a_shelf(tmp_path, a_checkpoint("of-another-architecture"), missing=[file])
    assert not shelf.is_installed(file)
    (problem,) = shelf.problems
    assert (problem.name, "`python -m bot install file`" in problem.reason) == ("file", True)
    with pytest.raises(UserError, match="The bot's operator can install it"):
        shelf.find_installed("file")


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        (WHOLE[:1], "no VAE and no text encoder"),
        (WHOLE[:2], "no text encoder"),
        (WHOLE[1:], "no UNet"),
        (["lora_unet_"], "no UNet and no VAE and no text encoder"),
    ],
)
def test_a_file_that_lacks_a_part_is_not_completed_from_another_model(
    tmp_path: Path, parts: list[str], missing: str
) -> None:
    a_single_file(tmp_path / "one.safetensors", parts)
    shelf = a_shelf(tmp_path, a_checkpoint(), missing=[a_checkpoint("file", path="one.safetensors")])
    assert [checkpoint.id for checkpoint in shelf.installed] == ["demo"]
    assert f"one.safetensors isn't a complete model: it has {missing}" in shelf.problems[0].reason


def test_a_folder_without_a_safety_checker_is_complete(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, a_checkpoint())
    index = tmp_path / "demo" / "model_index.json"
    index.write_text('{"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]}')
    assert [checkpoint.id for checkpoint in Shelf(shelf, tmp_path).installed] == ["demo"]


@pytest.mark.parametrize(
    ("size", "smaller"),
    [
        ((512, 512), (360, 360)),
        ((1024, 1024), (720, 720)),
        ((768, 512), (544, 360)),
        ((512, 768), (360, 544)),
        ((256, 256), None),
        ((360, 360), None),
        ((1024, 256), None),
    ],
)
def test_a_smaller_size_has_the_same_shape_and_half_the_pixels(
    size: tuple[int, int], smaller: tuple[int, int] | None
) -> None:
    assert smaller_size(a_checkpoint("sd1", Architecture.SD1), *size) == smaller


@given(st.integers(32, 128), st.integers(32, 128), st.sampled_from([1, 8, 16]))
def test_a_smaller_size_is_the_largest_allowed_of_its_shape(width: int, height: int, times: int) -> None:
    checkpoint = a_checkpoint("sd1", Architecture.SD1, multiple=8 * times, width=512, height=512)
    multiple = checkpoint.multiple
    width, height = (8 * side // multiple * multiple or multiple for side in (width, height))
    found = smaller_size(checkpoint, width, height)
    sides = range(checkpoint.min_side, checkpoint.max_side + 1, multiple)

    def has_the_shape(wide: int, high: int) -> bool:
        long, short = (wide, high) if width >= height else (high, wide)
        return abs(short - long * min(width, height) / max(width, height)) < multiple / 2

    fitting = {
        (wide, high)
        for wide in sides
        for high in sides
        if 2 * wide * high <= width * height and has_the_shape(wide, high)
    }
    if found is None:
        assert not fitting
    else:
        assert set(found) <= set(sides)
        assert 2 * found[0] * found[1] <= width * height
        assert found[0] * found[1] >= max((wide * high for wide, high in fitting), default=0)


def test_a_model_with_truncated_files_is_reported_and_not_installed(tmp_path: Path) -> None:
    whole = a_single_file(tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-10])
    (tmp_path / "folder" / "unet").mkdir(parents=True)
    (tmp_path / "folder" / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    (tmp_path / "folder" / "unet" / "weights.safetensors").write_bytes(whole[:-10])
    shelf = a_shelf(tmp_path, missing=[a_checkpoint("cut", path="cut.safetensors"), a_checkpoint("folder")])
    assert shelf.installed == ()
    assert [problem.name for problem in shelf.problems] == ["cut", "folder"]
    assert "download it again" in shelf.problems[0].reason
    assert "unet/weights.safetensors" in shelf.problems[1].reason


def test_a_broken_checkpoint_is_withdrawn_under_every_name(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, a_checkpoint(aliases=("tiny",)))
    assert shelf.find_installed("Tiny").id == "demo"
    shelf.mark_broken("tiny", "the weights are truncated")
    with pytest.raises(UserError, match="isn't installed"):
        shelf.find_installed("demo")
    assert shelf.installed == ()
    assert (shelf.problems[-1].name, shelf.problems[-1].reason) == ("demo", "the weights are truncated")
