"""Models that nobody described are found, described and offered, also while the bot runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from services.checkpoints import CfgMode, Shelf, read_shelf
from services.checkpoints.installation import configuration_folder
from services.library.models import ModelWatch
from services.stock import Stocks
from services.suggestions.autocomplete import Suggestions
from tests.builders import DEMO_CHECKPOINT, a_library, a_stock
from tests.services.checkpoints.layouts import SD1, SDXL, model_file, tensors_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration for single files of SD 1.5 and SDXL; its contents aren't read here."""
    for kind in (Architecture.SD1, Architecture.SDXL):
        shutil.copytree(DEMO_CHECKPOINT, configuration_folder(tmp_path, kind))
    return tmp_path


def own(shelf: Shelf) -> list[str]:
    return [model.id for model in shelf.installed if model.id != "demo"]


def test_a_dropped_model_is_described_and_offered(folder: Path) -> None:
    path = model_file(folder / "anime" / "MeinaMix V11 (fp16).safetensors", SD1)
    shelf = read_shelf(folder)
    assert own(shelf) == ["meinamix-v11-fp16"]
    model = shelf.find("meinamix-v11-fp16")
    assert (model.title, model.lineage, model.size) == ("MeinaMix V11 (fp16)", "anime", "512x512")
    assert shelf.installation(model.id).weights == path


def test_a_known_model_keeps_its_description(folder: Path) -> None:
    path = model_file(folder / "ponyDiffusionV6XL_v6StartWithThisOne.safetensors", SDXL)
    shelf = read_shelf(folder)
    assert own(shelf) == ["pony6"]
    assert shelf.find("pony6").clip_skip == 2
    assert shelf.installation("pony6").weights == path


def test_a_few_step_model_is_described_as_such(folder: Path) -> None:
    model_file(folder / "dreamshaperXL_lightning.safetensors", SDXL)
    model = read_shelf(folder).find("dreamshaperxl_lightning")
    assert (model.cfg_mode, model.cfg, model.steps, model.size) == (CfgMode.DISTILLED, 1.0, 4, "1024x1024")


def test_an_own_description_comes_before_a_drafted_one(folder: Path) -> None:
    model_file(folder / "mine.safetensors", SD1)
    (folder / "mine.toml").write_text(
        'id = "best"\ntitle = "The best"\narchitecture = "sd1"\nlineage = "anime"\npath = "mine.safetensors"\n'
    )
    assert own(read_shelf(folder)) == ["best"]


def test_models_of_other_programs_are_used_in_place(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("Stable-diffusion")
    path = model_file(elsewhere / "x.safetensors", SD1)
    model_file(folder / "x.safetensors", SD1)
    shelf = read_shelf(folder, [elsewhere])
    assert own(shelf) == ["x", "x-2"]
    assert shelf.installation("x-2").weights == path


def test_what_is_ignored_is_named_with_the_reason(folder: Path) -> None:
    tensors_file(folder / "detail.safetensors", "lora_unet_x.lora_down.weight")
    (folder / "old.ckpt").write_bytes(b"\x80\x02.")
    for beside in ("preview.png", "notes.txt", "half.safetensors.part", ".hidden"):
        (folder / beside).write_bytes(b"x")
    reasons = {problem.name: problem.reason for problem in read_shelf(folder).found.ignored}
    assert reasons.keys() == {"detail.safetensors", "old.ckpt"}
    assert reasons["detail.safetensors"] == "a LoRA"


def test_without_its_configuration_a_model_comes_with_the_command(tmp_path: Path) -> None:
    model_file(tmp_path / "x.safetensors", SD1)
    shelf = read_shelf(tmp_path)
    assert own(shelf) == []
    assert "`python -m bot install x`" in next(p.reason for p in shelf.problems if p.name == "x")


async def test_a_model_comes_and_goes_while_the_bot_runs(folder: Path, tmp_path: Path) -> None:
    shelf = read_shelf(folder)
    (tmp_path / "embeddings").mkdir()
    stocks = Stocks(a_stock(a_library(tmp_path / "embeddings", []), shelf))
    suggestions = Suggestions(stocks)
    watch = ModelWatch(stocks, suggestions)
    await watch.look()
    assert own(shelf) == []
    path = model_file(folder / "new.safetensors", SD1)
    await watch.look()
    assert "new" in [choice.value for choice in suggestions.models("")]
    shelf.mark_broken("new", "It can't be loaded.")
    model_file(folder / "other.safetensors", SD1)
    await watch.look()
    assert own(shelf) == ["other"]  # what turned out to be broken stays so
    path.unlink()
    (folder / "other.safetensors").unlink()
    await watch.look()
    assert own(shelf) == []
