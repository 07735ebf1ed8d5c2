"""Assemble the trained parts into a StableDiffusionPipeline and save it like any other checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from demo.models import build_autoencoder, build_scheduler, build_text_encoder, build_unet
from demo.tokenizer import build_tokenizer, save_tokenizer


def load_trained(folder: Path) -> tuple[UNet2DConditionModel, CLIPTextModel, AutoencoderKL]:
    """The averaged UNet and text encoder, and the autoencoder, from a training folder."""
    average = torch.load(folder / "diffusion.pt", weights_only=True)["average"]
    unet, encoder, autoencoder = build_unet(), build_text_encoder(build_tokenizer()), build_autoencoder()
    unet.load_state_dict({key[5:]: tensor for key, tensor in average.items() if key.startswith("unet.")})
    encoder.load_state_dict({key[8:]: tensor for key, tensor in average.items() if key.startswith("encoder.")})
    autoencoder.load_state_dict(torch.load(folder / "autoencoder.pt", weights_only=True)["model"])
    return unet.eval(), encoder.eval(), autoencoder.eval()


def build_pipeline(folder: Path) -> StableDiffusionPipeline:
    """The pipeline in float32."""
    unet, encoder, autoencoder = load_trained(folder)
    pipeline: Any = StableDiffusionPipeline  # its annotations don't allow missing parts
    return pipeline(
        vae=autoencoder,
        text_encoder=encoder,
        tokenizer=build_tokenizer(),
        unet=unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(folder: Path, target: Path) -> None:
    """Write the checkpoint in half precision."""
    pipe = build_pipeline(folder)
    pipe.to(torch.float16)
    pipe.save_pretrained(target, safe_serialization=True)
    save_tokenizer(build_tokenizer(), target / "tokenizer")
    index = target / "model_index.json"
    # a fixed name and order of keys, so that the file doesn't depend on where and how it was saved
    table = json.loads(index.read_text())
    table["_name_or_path"] = "negative-space-demo"
    index.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")
