"""What a file is, told from the names that the programs of the field give to tensors."""

from __future__ import annotations

import pytest

from embeddings.errors import RefusedFile
from embeddings.shapes import foreign, refuse_foreign_keys

LORA = "This is a LoRA, not an embedding."
MODEL = "This is a whole model, not an embedding."
UNET = "This is a UNet or a ControlNet, not an embedding."
VAE = "This is a VAE, not an embedding."
ENCODER = "This is a whole text encoder, not an embedding."


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", LORA),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", LORA),
        ("unet.down_blocks.0.attentions.0.to_q.lora_A.weight", LORA),
        ("unet.up_blocks.1.attentions.2.processor.to_k_lora.lora.up.weight", LORA),
        ("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight", LORA),
        ("bundle_emb.badhands.clip_l", LORA),
        ("model.diffusion_model.input_blocks.0.0.weight", MODEL),
        ("cond_stage_model.transformer.text_model.embeddings.position_ids", MODEL),
        ("conditioner.embedders.0.transformer.text_model.final_layer_norm.bias", MODEL),
        ("first_stage_model.encoder.down.0.block.0.conv1.weight", MODEL),
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", UNET),
        ("mid_block.resnets.0.conv1.bias", UNET),
        ("encoder.down.0.block.0.conv1.weight", VAE),
        ("encoder.down_blocks.0.resnets.0.conv1.weight", VAE),
        ("decoder.up_blocks.3.resnets.2.norm1.bias", VAE),
        ("post_quant_conv.weight", VAE),
        ("text_model.embeddings.token_embedding.weight", ENCODER),
    ],
)
def test_what_is_mistaken_for_an_embedding_is_named(key: str, sentence: str) -> None:
    assert foreign([key]) == sentence
    with pytest.raises(RefusedFile) as refused:
        refuse_foreign_keys(["emb_params", key])
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("t5", "This is an embedding for Flux or SD3 ('t5'), which no model here has."),
        ("t5xxl", "This is an embedding for SD3 ('t5xxl'), which no model here has."),
        ("text_encoders_2", "This is an embedding for SD3 ('text_encoders_2'), which no model here has."),
        ("clip_l_out", "'clip_l_out' is applied after the text encoder, which no other program supports."),
        ("emp_params_out", "'emp_params_out' is applied after the text encoder, which no other program supports."),
    ],
)
def test_vectors_that_no_encoder_here_can_take_are_refused(key: str, sentence: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        refuse_foreign_keys(["clip_l", key])
    assert str(refused.value) == sentence


def test_more_than_a_handful_of_tensors_is_no_embedding() -> None:
    refuse_foreign_keys([f"token{number}" for number in range(8)])
    with pytest.raises(RefusedFile, match="It holds 9 tensors; an embedding holds one or two"):
        refuse_foreign_keys([f"token{number}" for number in range(9)])


@pytest.mark.parametrize(
    "token", ["emb_params", "*", "<bad>", "flora_bad", "explora", "my_text_model", "t5-ugly", "out"]
)
def test_a_token_may_be_called_almost_anything(token: str) -> None:
    assert foreign([token]) is None
    refuse_foreign_keys([token])
