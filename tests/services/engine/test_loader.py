"""Loading checkpoints: broken ones are refused in one sentence, and the cache evicts the least recently used."""

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
from services.engine.loader import CheckpointBroken, CheckpointCache, CheckpointTooLarge, load_checkpoint
from tests.builders import DEMO_CHECKPOINT, a_checkpoint
from tests.services.engine.conftest import CPU

UNET = Path("unet") / "diffusion_pytorch_model.safetensors"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the demo checkpoint for tests to damage."""
    return Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "copied"))


def test_a_loaded_checkpoint_has_the_hook_and_its_weights_hash() -> None:
    demo = load_checkpoint(a_checkpoint(), Installation.in_folder(DEMO_CHECKPOINT), CPU)
    assert demo.model_hash == hashlib.sha256((DEMO_CHECKPOINT / UNET).read_bytes()).hexdigest()[:10]
    assert demo.pipe.unet.dtype is torch.float32
    assert not demo.pipe.unet.training
    assert len(demo.pipe.text_encoder.get_input_embeddings()._forward_hooks) == 1


def truncate_weights(folder: Path) -> None:
    weights = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(weights[: len(weights) // 2])


def remove_weights(folder: Path) -> None:
    (folder / UNET).unlink()


def replace_weights_with_a_pickle(folder: Path) -> None:
    (folder / UNET).unlink()
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")


def remove_the_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def damage_the_config(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    "damage", [truncate_weights, remove_weights, replace_weights_with_a_pickle, remove_the_index, damage_the_config]
)
def test_broken_weights_are_refused_in_one_sentence(copied: Path, damage: Any) -> None:
    damage(copied)
    with pytest.raises(CheckpointBroken, match=r"^The weights of Demo can't be loaded: "):
        load_checkpoint(a_checkpoint(), Installation.in_folder(copied), CPU)


def test_a_checkpoint_of_another_width_than_its_entry_says_is_refused() -> None:
    mistaken = a_checkpoint("mistaken", Architecture.SD1, title="Mistaken")
    with pytest.raises(CheckpointBroken) as refused:
        load_checkpoint(mistaken, Installation.in_folder(DEMO_CHECKPOINT), CPU)
    assert str(refused.value) == (
        "Mistaken is listed as SD 1.5, whose text_encoder has width 768; here it has 96. "
        "Correct `architecture` in its entry."
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, {"prediction_type": "epsilon", "rescale_betas_zero_snr": False}),
        ({"prediction": "v_prediction"}, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": False}),
        ({"zero_terminal_snr": True}, {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
    ],
)
def test_the_entry_overrides_the_weights_scheduler_file(
    sd1_folder: Path, entry: dict[str, Any], expected: dict[str, Any]
) -> None:
    loaded = load_checkpoint(a_checkpoint("sd1", Architecture.SD1, **entry), Installation.in_folder(sd1_folder), CPU)
    assert expected.items() <= dict(loaded.pipe.scheduler.config).items()


def test_the_least_recently_used_checkpoint_is_evicted() -> None:
    cache = CheckpointCache(CPU, capacity=2)
    one, two, three = (a_checkpoint(name) for name in ("one", "two", "three"))
    first = cache.get(one, Installation.in_folder(DEMO_CHECKPOINT))
    cache.get(two, Installation.in_folder(DEMO_CHECKPOINT))
    assert cache.get(one, Installation.in_folder(DEMO_CHECKPOINT)) is first
    cache.get(three, Installation.in_folder(DEMO_CHECKPOINT))
    assert [checkpoint in cache for checkpoint in (one, two, three)] == [True, False, True]
    assert cache.get(one, Installation.in_folder(DEMO_CHECKPOINT)) is first


def test_a_broken_checkpoint_can_be_loaded_once_it_is_repaired(copied: Path) -> None:
    cache, checkpoint = CheckpointCache(CPU), a_checkpoint()
    config = (copied / "unet" / "config.json").read_text(encoding="utf-8")
    damage_the_config(copied)
    with pytest.raises(CheckpointBroken):
        cache.get(checkpoint, Installation.in_folder(copied))
    assert checkpoint not in cache
    (copied / "unet" / "config.json").write_text(json.dumps(json.loads(config)), encoding="utf-8")
    assert cache.get(checkpoint, Installation.in_folder(copied)).checkpoint is checkpoint


def test_checkpoints_are_evicted_until_a_new_one_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, here = CheckpointCache(CPU, capacity=3), Installation.in_folder(DEMO_CHECKPOINT)
    one, two, three = (a_checkpoint(name) for name in ("one", "two", "three"))
    cache.get(one, here)
    cache.get(two, here)

    def load_if_alone(*wanted: Any) -> Any:
        if one in cache or two in cache:
            raise CheckpointTooLarge
        return load_checkpoint(*wanted)

    monkeypatch.setattr("services.engine.loader.load_checkpoint", load_if_alone)
    assert cache.get(three, here).checkpoint is three
    assert [checkpoint in cache for checkpoint in (one, two, three)] == [False, False, True]


def test_an_evicted_checkpoint_is_freed(tmp_path: Path) -> None:
    """Immediately, without garbage collection: no hook or cache keeps it alive while the next checkpoint is loaded."""
    cache, here = CheckpointCache(CPU), Installation.in_folder(DEMO_CHECKPOINT)
    parts = cache.get(a_checkpoint("one"), here).pipe.components.values()
    references = [weakref.ref(part) for part in parts if isinstance(part, torch.nn.Module)]
    del parts
    gc.disable()
    try:
        with pytest.raises(CheckpointBroken):
            cache.get(a_checkpoint("none"), Installation.in_folder(tmp_path))
        is_freed = [reference() is None for reference in references]
    finally:
        gc.enable()
    assert is_freed == [True, True, True]
