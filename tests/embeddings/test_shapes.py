"""Files recognised from the tensor names that other programs write."""

from __future__ import annotations

import pytest

from embeddings.errors import RefusedFile
from embeddings.shapes import other_kind, refuse_other_kinds
from tests.sentences.embeddings import FOR_FLUX, FOR_SD3, LORA, NINE_TENSORS, OUTPUT_VECTORS, WHOLE_MODEL

UNET = "This is a UNet or a ControlNet, not an embedding; please choose a textual inversion file."
VAE = "This is a VAE, not an embedding; please choose a textual inversion file."
ENCODER = "This is a whole text encoder, not an embedding; please choose a textual inversion file."


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", LORA),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", LORA),
        ("unet.down_blocks.0.attentions.0.to_q.lora_A.weight", LORA),
        ("unet.up_blocks.1.attentions.2.processor.to_k_lora.lora.up.weight", LORA),
        ("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight", LORA),
        ("bundle_emb.badhands.clip_l", LORA),
        ("model.diffusion_model.input_blocks.0.0.weight", WHOLE_MODEL),
        ("cond_stage_model.transformer.text_model.embeddings.position_ids", WHOLE_MODEL),
        ("conditioner.embedders.0.transformer.text_model.final_layer_norm.bias", WHOLE_MODEL),
        ("first_stage_model.encoder.down.0.block.0.conv1.weight", WHOLE_MODEL),
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", UNET),
        ("mid_block.resnets.0.conv1.bias", UNET),
        ("encoder.down.0.block.0.conv1.weight", VAE),
        ("encoder.down_blocks.0.resnets.0.conv1.weight", VAE),
        ("decoder.up_blocks.3.resnets.2.norm1.bias", VAE),
        ("post_quant_conv.weight", VAE),
        ("text_model.embeddings.token_embedding.weight", ENCODER),
    ],
)
def test_other_kinds_of_files_are_named(key: str, sentence: str) -> None:
    assert other_kind([key]) == sentence
    with pytest.raises(RefusedFile) as refused:
        refuse_other_kinds(["emb_params", key])
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("t5", FOR_FLUX),
        ("t5xxl", FOR_SD3),
        ("text_encoders_2", FOR_SD3.replace("t5xxl", "text_encoders_2")),
        ("clip_l_out", OUTPUT_VECTORS),
        ("emp_params_out", OUTPUT_VECTORS.replace("clip_l", "emp_params")),
    ],
)
def test_vectors_for_unsupported_encoders_are_refused(key: str, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        refuse_other_kinds(["clip_l", key])
    assert str(refused.value) == sentence


def test_more_than_a_handful_of_tensors_is_refused() -> None:
    refuse_other_kinds([f"token{number}" for number in range(8)])
    with pytest.raises(RefusedFile, match=NINE_TENSORS):
        refuse_other_kinds([f"token{number}" for number in range(9)])


@pytest.mark.parametrize(
    "token", ["emb_params", "*", "<bad>", "flora_bad", "explora", "my_text_model", "t5-ugly", "out"]
)
def test_a_token_can_have_almost_any_name(token: str) -> None:
    assert other_kind([token]) is None
    refuse_other_kinds([token])
