"""What a checkpoint is, by its header: the architecture from shapes, never from a name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from embeddings.architecture import Architecture
from services.checkpoints.recognition import Recognised, Unrecognised, recognise
from tests.builders import DEMO_CHECKPOINT
from tests.services.checkpoints.layouts import SD1, SD2, SDXL, model_file, tensors_file

Shapes = Mapping[str, tuple[int, ...]]


@pytest.mark.parametrize(
    ("name", "encoders", "architecture", "lineage"),
    [
        ("v1-5-pruned-emaonly", SD1, Architecture.SD1, "sd15"),
        ("meinamix_v11", SD1, Architecture.SD1, "anime"),
        ("realisticVisionV60B1", SD1, Architecture.SD1, "realistic"),
        ("v2-1_768-ema-pruned", SD2, Architecture.SD2, "sd21"),
        ("juggernautXL_v9", SDXL, Architecture.SDXL, "sdxl"),
        ("ponyDiffusionV6XL", SDXL, Architecture.SDXL, "pony"),
        ("noobaiXL_epsilon", SDXL, Architecture.SDXL, "illustrious"),
        ("an-sdxl-lookalike", SD1, Architecture.SD1, "sd15"),
    ],
)
def test_a_model_is_recognised(
    tmp_path: Path, name: str, encoders: Shapes, architecture: Architecture, lineage: str
) -> None:
    found = recognise(model_file(tmp_path / f"{name}.safetensors", encoders))
    assert found == Recognised(architecture, lineage, name)


def test_what_its_metadata_says_is_taken_for_what_it_is(tmp_path: Path) -> None:
    said = {"modelspec.title": "Nice Pony", "modelspec.prediction_type": "v"}
    found = recognise(model_file(tmp_path / "x.safetensors", SDXL, metadata=said))
    assert (found.title, found.lineage, found.prediction) == ("Nice Pony", "pony", "v_prediction")
    marked = recognise(model_file(tmp_path / "noobai_vpred.safetensors", SDXL, v_pred=1, ztsnr=1))
    assert (marked.prediction, marked.zero_terminal_snr) == ("v_prediction", True)


@pytest.mark.parametrize("name", ["dreamshaperXL_lightningDPMSDE", "sd_xl_turbo_1.0", "realvis_Hyper", "x_LCM"])
def test_a_few_step_model_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    assert recognise(model_file(tmp_path / f"{name}.safetensors", SDXL)).is_distilled


def test_a_folder_in_diffusers_layout_is_recognised() -> None:
    assert recognise(DEMO_CHECKPOINT).architecture is Architecture.DEMO


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (["lora_unet_down_blocks_0.lora_down.weight"], "a LoRA"),
        (["unet.down_blocks.0.lora.down.weight", "unet.x.lora.up.weight"], "a LoRA"),
        (["control_model.input_blocks.0.0.weight"], "a ControlNet"),
        (["first_stage_model.encoder.conv_in.weight"], "a VAE alone"),
        (["encoder.conv_in.weight", "decoder.conv_in.weight", "quant_conv.bias"], "a VAE alone"),
        (["double_blocks.0.img_attn.qkv.weight"], "a Flux model"),
        (["model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"], "a Stable Diffusion 3 model"),
        (["emb_params"], "an embedding; it belongs into the embeddings folder"),
        (["model.diffusion_model.out.2.weight"], "or without its text encoder"),
    ],
)
def test_what_is_no_model_is_named(tmp_path: Path, tensors: list[str], reason: str) -> None:
    with pytest.raises(Unrecognised, match=reason):
        recognise(tensors_file(tmp_path / "x.safetensors", *tensors))


def test_a_model_that_wants_more_than_a_prompt_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(Unrecognised, match="inpainting"):
        recognise(model_file(tmp_path / "x.safetensors", SD1, inputs=9))


def test_a_file_that_is_still_being_copied_is_incomplete(tmp_path: Path) -> None:
    path = model_file(tmp_path / "x.safetensors", SD1)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Unrecognised, match=r"has [\d,]+ bytes instead of"):
        recognise(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(Unrecognised, match="not a safetensors file, or incomplete"):
        recognise(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "x.ckpt").write_bytes(b"\x80\x02.")
    with pytest.raises(Unrecognised, match="a pickle can run code"):
        recognise(tmp_path / "x.ckpt")
