"""Checkpoints from a folder: what is loaded, what is refused in one sentence, and which stay in memory."""

from __future__ import annotations

import gc
import hashlib
import json
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from embeddings.architecture import Architecture
from services.checkpoints import Installation
from services.engine.loader import CheckpointBroken, CheckpointTooLarge, Resident, load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint
from tests.services.engine.conftest import CPU

UNET = Path("unet") / "diffusion_pytorch_model.safetensors"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the demo checkpoint, to be broken."""
    return Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "copied"))


def test_a_checkpoint_is_ready_and_named_by_its_weights() -> None:
    demo = load_checkpoint(a_checkpoint(), Installation.in_folder(DEMO_CHECKPOINT), CPU)
    assert demo.model_hash == hashlib.sha256((DEMO_CHECKPOINT / UNET).read_bytes()).hexdigest()[:10]
    assert demo.pipe.unet.dtype is torch.float32
    assert not demo.pipe.unet.training
    assert len(demo.pipe.text_encoder.get_input_embeddings()._forward_hooks) == 1


def cut(folder: Path) -> None:
    weights = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(weights[: len(weights) // 2])


def remove_weights(folder: Path) -> None:
    (folder / UNET).unlink()


def put_a_pickle_in_their_place(folder: Path) -> None:
    (folder / UNET).unlink()
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")


def remove_the_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def spoil_the_config(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    "spoil", [cut, remove_weights, put_a_pickle_in_their_place, remove_the_index, spoil_the_config]
)
def test_broken_weights_are_refused_in_one_sentence(copied: Path, spoil: Any) -> None:
    spoil(copied)
    with pytest.raises(CheckpointBroken, match=r"^The weights of Demo cannot be loaded: "):
        load_checkpoint(a_checkpoint(), Installation.in_folder(copied), CPU)


def test_a_checkpoint_of_another_width_than_described_is_refused() -> None:
    described = a_checkpoint("mistaken", Architecture.SD1, title="Mistaken")
    with pytest.raises(CheckpointBroken) as refused:
        load_checkpoint(described, Installation.in_folder(DEMO_CHECKPOINT), CPU)
    assert str(refused.value) == ("Mistaken is described as SD 1.5, whose text_encoder is 768 wide; this one is 96.")


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, {"prediction_type": "epsilon", "rescale_betas_zero_snr": False}),
        ({"prediction": "v_prediction"}, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": False}),
        ({"zero_terminal_snr": True}, {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
    ],
)
def test_the_entry_goes_before_the_weights_scheduler_file(
    sd1_folder: Path, described: dict[str, Any], expected: dict[str, Any]
) -> None:
    loaded = load_checkpoint(
        a_checkpoint("sd1", Architecture.SD1, **described), Installation.in_folder(sd1_folder), CPU
    )
    assert expected.items() <= dict(loaded.pipe.scheduler.config).items()


def test_the_least_recently_used_checkpoint_is_given_up() -> None:
    resident = Resident(CPU, capacity=2)
    one, two, three = (a_checkpoint(name) for name in ("one", "two", "three"))
    first = resident.get(one, Installation.in_folder(DEMO_CHECKPOINT))
    resident.get(two, Installation.in_folder(DEMO_CHECKPOINT))
    assert resident.get(one, Installation.in_folder(DEMO_CHECKPOINT)) is first
    resident.get(three, Installation.in_folder(DEMO_CHECKPOINT))
    assert [checkpoint in resident for checkpoint in (one, two, three)] == [True, False, True]
    assert resident.get(one, Installation.in_folder(DEMO_CHECKPOINT)) is first


def test_a_checkpoint_that_cannot_be_loaded_is_tried_again_when_it_is_mended(copied: Path) -> None:
    resident, checkpoint = Resident(CPU), a_checkpoint()
    config = (copied / "unet" / "config.json").read_text(encoding="utf-8")
    spoil_the_config(copied)
    with pytest.raises(CheckpointBroken):
        resident.get(checkpoint, Installation.in_folder(copied))
    assert checkpoint not in resident
    (copied / "unet" / "config.json").write_text(json.dumps(json.loads(config)), encoding="utf-8")
    assert resident.get(checkpoint, Installation.in_folder(copied)).checkpoint is checkpoint


def test_checkpoints_in_memory_make_room_for_one_that_does_not_fit_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    resident, here = Resident(CPU, capacity=3), Installation.in_folder(DEMO_CHECKPOINT)
    one, two, three = (a_checkpoint(name) for name in ("one", "two", "three"))
    resident.get(one, here)
    resident.get(two, here)

    def load_where_there_is_room(*wanted: Any) -> Any:
        if one in resident or two in resident:
            raise CheckpointTooLarge
        return load_checkpoint(*wanted)

    monkeypatch.setattr("services.engine.loader.load_checkpoint", load_where_there_is_room)
    assert resident.get(three, here).checkpoint is three
    assert [checkpoint in resident for checkpoint in (one, two, three)] == [False, False, True]


def test_a_checkpoint_that_is_given_up_leaves_memory(tmp_path: Path) -> None:
    """At once, without a collection: neither hooks nor caches hold on to it while the next one is read."""
    resident, here = Resident(CPU), Installation.in_folder(DEMO_CHECKPOINT)
    parts = resident.get(a_checkpoint("one"), here).pipe.components.values()
    traces = [weakref.ref(part) for part in parts if isinstance(part, torch.nn.Module)]
    del parts
    gc.disable()
    try:
        with pytest.raises(CheckpointBroken):
            resident.get(a_checkpoint("none"), Installation.in_folder(tmp_path))
        gone = [trace() is None for trace in traces]
    finally:
        gc.enable()
    assert gone == [True, True, True]
