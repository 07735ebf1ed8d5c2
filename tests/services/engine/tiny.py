"""Tiny checkpoints with random weights but the real classes and widths, saved in diffusers' layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from embeddings.architecture import Architecture
from services.parameters import PlacedEmbedding
from tests.builders import DEMO_CHECKPOINT, an_embedding

MakeTokenizer = Callable[..., CLIPTokenizer]

#: picture side for the tiny UNets, in pixels
SIDE = 16


def a_tokenizer(**more: Any) -> CLIPTokenizer:
    """A new copy of the demo's, which is a real CLIP tokenizer with a small vocabulary."""
    return CLIPTokenizer.from_pretrained(DEMO_CHECKPOINT / "tokenizer", local_files_only=True, **more)


def encoder_config(tokenizer: CLIPTokenizer, width: int, **more: Any) -> CLIPTextConfig:
    """A configuration with two layers and the tokenizer's begin and end tokens."""
    settings = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "projection_dim": width,
        "intermediate_size": 64,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    return CLIPTextConfig(**(settings | more))


def a_unet(context: int, **more: Any) -> UNet2DConditionModel:
    kind: Any = UNet2DConditionModel
    return kind(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(32, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=context,
        attention_head_dim=8,
        **more,
    )


def a_vae() -> AutoencoderKL:
    kind: Any = AutoencoderKL
    return kind(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(16, 16),
        norm_num_groups=8,
        latent_channels=4,
        sample_size=SIDE,
    )


def a_scheduler(**more: Any) -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        **more,
    )


def an_encoder(kind: type[Any], config: CLIPTextConfig) -> Any:
    """Random weights whose output has a non-zero mean, as a trained encoder's has."""
    encoder = kind(config)
    inner = getattr(encoder, "text_model", encoder)
    with torch.no_grad():
        inner.final_layer_norm.bias.fill_(-0.1)
        inner.embeddings.position_embedding.weight.add_(0.1)
    return encoder


def save_sd1(folder: Path, make_tokenizer: MakeTokenizer = a_tokenizer, **encoder: Any) -> Path:
    """A checkpoint with CLIP-L's width, 768; `encoder` overrides its text encoder's configuration."""
    torch.manual_seed(1)
    tokenizer = make_tokenizer()
    pipeline: Any = StableDiffusionPipeline  # diffusers' annotations reject what its documentation shows
    pipeline(
        vae=a_vae(),
        text_encoder=an_encoder(CLIPTextModel, encoder_config(tokenizer, 768, **encoder)),
        tokenizer=tokenizer,
        unet=a_unet(768),
        scheduler=a_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_sd2(folder: Path, make_tokenizer: MakeTokenizer = a_tokenizer) -> Path:
    """A checkpoint with OpenCLIP-H's width, 1024."""
    torch.manual_seed(3)
    tokenizer = make_tokenizer(pad_token="!")
    pipeline: Any = StableDiffusionPipeline
    pipeline(
        vae=a_vae(),
        text_encoder=an_encoder(CLIPTextModel, encoder_config(tokenizer, 1024)),
        tokenizer=tokenizer,
        unet=a_unet(1024),
        scheduler=a_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_sdxl(folder: Path, make_tokenizer: MakeTokenizer = a_tokenizer) -> Path:
    """A checkpoint with two encoders, of widths 768 and 1280, whose second tokenizer has another padding token."""
    torch.manual_seed(2)
    first, second = make_tokenizer(), make_tokenizer(pad_token="!")
    pipeline: Any = StableDiffusionXLPipeline
    pipeline(
        vae=a_vae(),
        text_encoder=an_encoder(CLIPTextModel, encoder_config(first, 768)),
        text_encoder_2=an_encoder(CLIPTextModelWithProjection, encoder_config(second, 1280)),
        tokenizer=first,
        tokenizer_2=second,
        unet=a_unet(
            768 + 1280,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=1280 + 6 * 8,
        ),
        scheduler=a_scheduler(),
    ).save_pretrained(folder)
    return folder


def placed(
    architecture: Architecture, vectors: int = 8, *, seed: int = 0, strength: float = 1.0, name: str = "easyneg"
) -> PlacedEmbedding:
    """An embedding with random vectors, as part of a plan."""
    embedding = an_embedding(architecture, vectors=vectors, seed=seed)
    return PlacedEmbedding(name, strength, vectors, embedding.content_hash, "0" * 64, embedding.vectors)
