"""Models: the shipped descriptions, broken ones beside good ones, and what is said of those that are not installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from embeddings.architecture import Architecture
from services.checkpoints import Installation, Shelf, read_shelf
from services.checkpoints.installation import configuration_folder
from services.checkpoints.shelf import DESCRIBED
from services.checkpoints.sizes import half_as_large
from services.errors import UnknownName, UserError
from services.samplers import find_sampler
from tests.builders import DEMO_CHECKPOINT, WHOLE, a_checkpoint, a_shelf, a_single_file

SHIPPED = sorted(DESCRIBED.glob("*.toml"))

GOOD = 'id = "mine"\ntitle = "Mine"\narchitecture = "sd1"\nlineage = "sd15"\nhub = "a/b"\n'


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_description_is_valid(path: Path) -> None:
    shelf = read_shelf(Path("/nonexistent"))
    one = shelf.find(tomllib.loads(path.read_text())["id"])
    assert one.id == path.stem
    assert find_sampler(one.sampler) == one.sampler
    assert one.steps <= one.max_steps
    for side in (one.width, one.height, one.min_side, one.max_side):
        assert side % one.multiple == 0
        assert one.min_side <= side <= one.max_side
        assert side % one.architecture.facts.latent_factor == 0


def test_the_shipped_descriptions_have_no_problems_and_no_name_twice() -> None:
    shelf = read_shelf(Path("/nonexistent"))
    assert shelf.problems == []
    names = [name.casefold() for one in shelf for name in {name.casefold() for name in one.names}]
    assert len(names) == len(set(names))
    assert len(list(shelf)) == len(SHIPPED)


def test_the_demo_is_installed_out_of_the_box(tmp_path: Path) -> None:
    shelf = read_shelf(tmp_path)
    assert [one.id for one in shelf.installed] == ["demo"]
    assert shelf.installation("DEMO") == Installation.in_folder(DEMO_CHECKPOINT)


def test_a_model_that_is_not_installed_says_the_command(tmp_path: Path) -> None:
    shelf = read_shelf(tmp_path)
    with pytest.raises(UserError, match=r"Stable Diffusion 1\.5 is not installed here; .*`python -m bot install sd15`"):
        shelf.find_installed("SD1.5")


def test_an_unknown_model_is_answered_with_installed_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"There is no model 'dmo' here\. Installed: demo\."):
        read_shelf(tmp_path).find("dmo")
    with pytest.raises(UnknownName, match=r"Installed: none\."):
        Shelf((), tmp_path).find("demo")


def test_a_broken_file_is_named_and_the_others_stand(tmp_path: Path) -> None:
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
    assert {one.id for one in shelf} == {"mine"} | {path.stem for path in SHIPPED}
    reasons = {problem.name: problem.reason for problem in shelf.problems}
    assert set(reasons) == {
        "syntax.toml", "latin1.toml", "unknown-key.toml", "odd-size.toml", "no-weights.toml", "folder.toml", "mine",
    }  # fmt: skip
    assert reasons["unknown-key.toml"].startswith("colour:")
    assert "size 510 is not a multiple of 8 from 256 to 1024" in reasons["odd-size.toml"]
    assert "the first one stands" in reasons["mine"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 65}, {"height": 128}, {"min_side": 60}, {"max_side": 100}, {"id": "Demo"}, {"id": ""}, {"cfg": 0},
        {"steps": 0}, {"clip_skip": 9}, {"architecture": "sd9"}, {"path": "", "hub": ""}, {"enlarge": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_rendered_cannot_be_described(wrong: dict[str, object]) -> None:
    good = a_checkpoint().model_dump()
    type(a_checkpoint()).model_validate(good)
    with pytest.raises(ValidationError):
        type(a_checkpoint()).model_validate({**good, **wrong})


def test_a_checkpoint_is_installed_as_a_folder_or_as_one_file(tmp_path: Path) -> None:
    a_single_file(tmp_path / "one.safetensors")
    (tmp_path / "empty-folder").mkdir()
    file, folder = a_checkpoint("file", path="one.safetensors"), a_checkpoint("folder")
    empty, absolute = a_checkpoint("empty", path="empty-folder"), a_checkpoint("abs", path=str(DEMO_CHECKPOINT))
    shelf = a_shelf(tmp_path, folder, missing=[file, empty, absolute])
    assert {one.id for one in shelf.installed} == {"file", "folder", "abs"}


def test_a_single_file_is_read_as_the_folders_of_its_architecture(tmp_path: Path) -> None:
    folder, file = a_checkpoint("folder"), a_checkpoint("file", path="one.safetensors")
    weights = a_single_file(tmp_path / "one.safetensors")
    shelf = a_shelf(tmp_path, folder, missing=[file])
    assert shelf.installation("folder") == Installation.in_folder(tmp_path / "folder")
    assert shelf.installation("file") == Installation(weights, tmp_path / "folder")
    assert Shelf([file, folder], tmp_path).installation("file") == shelf.installation("file")  # in any order


def test_a_configuration_of_its_own_goes_before_that_of_another_model(tmp_path: Path) -> None:
    weights, own = a_single_file(tmp_path / "one.safetensors"), configuration_folder(tmp_path, Architecture.DEMO)
    own.mkdir(parents=True)
    (own / "model_index.json").write_text("{}")
    file = a_checkpoint("file", path="one.safetensors")
    assert own == tmp_path / "configurations" / "demo"
    assert a_shelf(tmp_path, a_checkpoint(), missing=[file]).installation("file") == Installation(weights, own)
    (own / "model_index.json").write_text(
        '{"unet": ["diffusers", "UNet2DConditionModel"]}'
    )  # its fetching was interrupted
    assert Shelf([a_checkpoint(), file], tmp_path).installation("file") == Installation(weights, tmp_path / "demo")


def test_a_single_file_that_nothing_tells_how_to_read_is_not_installed(tmp_path: Path) -> None:
    a_single_file(tmp_path / "one.safetensors")
    file = a_checkpoint("file", Architecture.SD1, path="one.safetensors")
    shelf = a_shelf(tmp_path, a_checkpoint("of-another-kind"), missing=[file])
    assert not shelf.is_installed(file)
    (problem,) = shelf.problems
    assert (problem.name, "`python -m bot install file`" in problem.reason) == ("file", True)
    with pytest.raises(UserError, match=r"`python -m bot install file`"):
        shelf.find_installed("file")


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        (WHOLE[:1], "no VAE and no text encoder"), (WHOLE[:2], "no text encoder"), (WHOLE[1:], "no UNet"),
        (["lora_unet_"], "no UNet and no VAE and no text encoder"),
    ],
)  # fmt: skip
def test_a_file_that_lacks_a_part_is_not_completed_from_another_model(
    tmp_path: Path, parts: list[str], missing: str
) -> None:
    a_single_file(tmp_path / "one.safetensors", parts)
    shelf = a_shelf(tmp_path, a_checkpoint(), missing=[a_checkpoint("file", path="one.safetensors")])
    assert [one.id for one in shelf.installed] == ["demo"]
    assert f"one.safetensors has {missing}, so it is no whole model" in shelf.problems[0].reason


def test_a_folder_that_was_fetched_without_its_safety_checker_is_whole(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, a_checkpoint())
    index = tmp_path / "demo" / "model_index.json"
    index.write_text('{"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]}')
    assert [one.id for one in Shelf(shelf, tmp_path).installed] == ["demo"]


@pytest.mark.parametrize(
    ("size", "smaller"),
    [
        ((512, 512), (360, 360)), ((1024, 1024), (720, 720)), ((768, 512), (544, 360)), ((512, 768), (360, 544)),
        ((256, 256), None), ((360, 360), None), ((1024, 256), None),
    ],
)  # fmt: skip
def test_the_size_that_would_fit_has_the_same_shape_and_half_the_pixels(
    size: tuple[int, int], smaller: tuple[int, int] | None
) -> None:
    assert half_as_large(a_checkpoint("sd1", Architecture.SD1), *size) == smaller


@given(st.integers(32, 128), st.integers(32, 128), st.sampled_from([1, 8, 16]))
def test_a_smaller_size_is_allowed_and_the_largest_of_its_shape(width: int, height: int, times: int) -> None:
    one = a_checkpoint("sd1", Architecture.SD1, multiple=8 * times, width=512, height=512)
    width, height = (8 * side // one.multiple * one.multiple or one.multiple for side in (width, height))
    found = half_as_large(one, width, height)
    sides = range(one.min_side, one.max_side + 1, one.multiple)

    def has_the_shape(wide: int, high: int) -> bool:
        long, short = (wide, high) if width >= height else (high, wide)
        return abs(short - long * min(width, height) / max(width, height)) < one.multiple / 2

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


def test_a_model_whose_files_were_cut_off_is_named_and_not_installed(tmp_path: Path) -> None:
    whole = a_single_file(tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-10])
    (tmp_path / "folder" / "unet").mkdir(parents=True)
    (tmp_path / "folder" / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    (tmp_path / "folder" / "unet" / "weights.safetensors").write_bytes(whole[:-10])
    shelf = a_shelf(tmp_path, missing=[a_checkpoint("cut", path="cut.safetensors"), a_checkpoint("folder")])
    assert shelf.installed == ()
    assert [problem.name for problem in shelf.problems] == ["cut", "folder"]
    assert "fetch it again" in shelf.problems[0].reason
    assert "unet/weights.safetensors" in shelf.problems[1].reason


def test_a_broken_checkpoint_is_forgotten_under_any_of_its_names(tmp_path: Path) -> None:
    shelf = a_shelf(tmp_path, a_checkpoint(aliases=("tiny",)))
    assert shelf.find_installed("Tiny").id == "demo"
    shelf.forget("tiny", "the weights are cut off")
    with pytest.raises(UserError, match="not installed"):
        shelf.find_installed("demo")
    assert shelf.installed == ()
    assert (shelf.problems[-1].name, shelf.problems[-1].reason) == ("demo", "the weights are cut off")
