"""The training command: stages run in order, are skipped when done, and never mix two trainings."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from demo import autoencoder, diffusion, inversions, measure, train
from embeddings.training.inversion import TrainingSettings

STAGES = ("dataset", "autoencoder", "diffusion", "checkpoint", "embeddings", "judge", "measurement")


def _options(folder: Path, **changes: object) -> train.Options:
    options = train.Options(folder=folder, minutes=0.1, size=32, pairs=2, processes=1, seed=0, start=None)
    return dataclasses.replace(options, **changes)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the stages that ran; each does nothing else."""
    names: list[str] = []
    real_stages = train.stages

    def recorded(options: train.Options) -> list[train.Stage]:
        return [
            dataclasses.replace(stage, run=lambda name=stage.name: names.append(name)) for stage in real_stages(options)
        ]

    monkeypatch.setattr(train, "stages", recorded)
    return names


def test_every_stage_runs_once_and_in_order(tmp_path: Path, ran: list[str]):
    for _ in range(2):
        train.train(_options(tmp_path))
    assert tuple(ran) == STAGES


def test_a_stage_with_other_settings_runs_again_with_all_later_stages(tmp_path: Path, ran: list[str]):
    train.train(_options(tmp_path))
    ran.clear()
    train.train(_options(tmp_path, pairs=3))
    assert ran == ["measurement"]
    ran.clear()
    train.train(_options(tmp_path, pairs=3, minutes=0.2))
    assert tuple(ran) == STAGES[1:]


def test_a_folder_with_another_training_is_refused(tmp_path: Path, ran: list[str]):
    train.train(_options(tmp_path))
    with pytest.raises(ValueError, match="use another --folder"):
        train.train(_options(tmp_path, size=64))


def test_install_replaces_the_shipped_files(tmp_path: Path):
    trained, shipped = tmp_path / "trained", tmp_path / "shipped"
    for folder, text in ((trained, "new"), (shipped, "old")):
        for name in ("checkpoint", "embeddings"):
            (folder / name).mkdir(parents=True)
            (folder / name / "file").write_text(text)
        for name in ("judge.safetensors", "figures.json"):
            (folder / name).write_text(text)
    (shipped / "checkpoint" / "left over").touch()
    train.install(trained, shipped)
    assert (shipped / "checkpoint" / "file").read_text() == "new"
    assert (shipped / "figures.json").read_text() == "new"
    assert sorted(path.name for path in shipped.iterdir()) == sorted(path.name for path in trained.iterdir())
    assert not (shipped / "checkpoint" / "left over").exists()


@pytest.mark.slow
def test_all_stages_make_a_checkpoint_embeddings_and_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A few seconds per stage, from the shipped weights: from random ones, there would be nothing to invert yet."""
    monkeypatch.setattr(diffusion, "BATCH", 4)
    monkeypatch.setattr(autoencoder, "BATCH", 4)
    monkeypatch.setattr(inversions, "SETTINGS", TrainingSettings(vectors=1, steps=30, learning_rate=0.05, batch=4))
    monkeypatch.setattr(inversions, "GENERAL_SETTINGS", inversions.SETTINGS)
    monkeypatch.setattr(inversions, "PICTURES", 12)
    monkeypatch.setattr(measure, "SCALES", (1.0,))
    monkeypatch.setattr(measure, "PLACEBOS", 1)
    start = Path(train.__file__).parent / "checkpoint"
    train.train(_options(tmp_path, start=start))
    assert set(json.loads((tmp_path / "done.json").read_text())) == {"begun", *STAGES}
    assert (tmp_path / "checkpoint" / "model_index.json").is_file()
    assert len(list((tmp_path / "embeddings").glob("*.safetensors"))) == 4
    assert json.loads((tmp_path / "figures.json").read_text())["pairs"] == 2
