"""A tiny Stable Diffusion with random weights and a vocabulary as large as CLIP's, and embeddings for it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers import pre_tokenizers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from embeddings.architecture import Architecture
from embeddings.embedding import Embedding
from services.parameters import PlacedEmbedding

VOCABULARY = 49_408
WIDTH = 768
#: words of one token each; the rest of the vocabulary only makes up the size
WORDS = [f"w{number}" for number in range(400)]


def build_tokenizer() -> CLIPTokenizer:
    """A vocabulary of the byte alphabet, WORDS built by chains of merges, and filler tokens up to CLIP's size."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = dict.fromkeys([*alphabet, *(letter + "</w>" for letter in alphabet)])
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            merges[parts[0], parts[1]] = None
            parts = [parts[0] + parts[1], *parts[2:]]
            vocabulary[parts[0]] = None
    filler = (f"filler{number}</w>" for number in range(VOCABULARY))
    while len(vocabulary) < VOCABULARY - 2:
        vocabulary[next(filler)] = None
    tokens = [*vocabulary, "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=list(merges),  # pyright: ignore[reportArgumentType] - the annotation lacks this form
        model_max_length=77,
    )


def build_text_encoder(layers: int) -> CLIPTextModel:
    """A text encoder with CLIP-L's width and vocabulary size."""
    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=12,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
        pad_token_id=VOCABULARY - 1,
    )
    return CLIPTextModel(config).eval()


def build_pipeline(layers: int = 2) -> StableDiffusionPipeline:
    """A complete pipeline with a UNet small enough for a CPU."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    vae = AutoencoderKL(
        block_out_channels=(16, 32),  # pyright: ignore[reportArgumentType] - annotated as a tuple of one
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),  # pyright: ignore[reportArgumentType]
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),  # pyright: ignore[reportArgumentType]
        norm_num_groups=8,
        latent_channels=4,
    )
    parts: dict[str, Any] = {
        "vae": vae,
        "text_encoder": build_text_encoder(layers),
        "tokenizer": build_tokenizer(),
        "unet": unet,
        "scheduler": DPMSolverMultistepScheduler(),
        "safety_checker": None,
        "feature_extractor": None,
    }
    pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@cache
def saved_pipeline() -> Path:
    """The pipeline saved in a folder, like an installed checkpoint. It is saved once per process."""
    folder = Path(tempfile.mkdtemp(prefix="negative-space-"))
    build_pipeline().save_pretrained(folder, safe_serialization=True)
    return folder


def place(name: str, vectors: int, seed: int) -> PlacedEmbedding:
    """An embedding of random vectors with typical norms, as plans carry them."""
    rows = np.random.default_rng(seed).normal(0, 0.02, (vectors, WIDTH)).astype(np.float32)
    embedding = Embedding(Architecture.SD1, {"clip_l": rows})
    return PlacedEmbedding(name, 1.0, vectors, embedding.content_hash, f"{seed:064x}", embedding.vectors)
