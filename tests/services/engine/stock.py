"""diffusers' own pipelines over the same weights, its own way with embeddings, and how far two encodings are apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from embeddings.architecture import Architecture
from services.engine.conditioning import Conditioning
from services.parameters import PlacedEmbedding

#: encoder → the parts of a stock pipeline that belong to it
PARTS = {
    encoder: parts for kind in Architecture for encoder, parts in zip(kind.facts.encoders, kind.facts.parts, strict=True)
}  # fmt: skip


def stock_pipeline(folder: Path) -> Any:
    """A fresh one in float32; loading embeddings changes it."""
    if (folder / "text_encoder_2").is_dir():
        return StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32)
    return StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, dtype=torch.float32)


def load_into(pipe: Any, embedding: PlacedEmbedding, token: str = "") -> None:
    """diffusers' own way, under the embedding's name in lower case, for which alone it is right, or under `token`."""
    for encoder, vectors in embedding.vectors.items():
        tokenizer, text_encoder = (getattr(pipe, part) for part in PARTS[encoder])
        # a copy, since diffusers puts what it is given into its own state
        rows = torch.from_numpy(np.array(vectors))
        pipe.load_textual_inversion(
            rows, token=token or embedding.id.lower(), tokenizer=tokenizer, text_encoder=text_encoder
        )


@torch.no_grad()
def encoded_by(pipe: Any, prompt: str, negative: str, **more: Any) -> tuple[Conditioning, Conditioning]:
    """Both prompts as the stock pipeline encodes them."""
    tensors = pipe.encode_prompt(
        prompt=prompt, negative_prompt=negative, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True, **more
    )  # fmt: skip
    pooled = tensors[2:] or (None, None)
    return Conditioning(tensors[0], pooled[0]), Conditioning(tensors[1], pooled[1])


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest absolute one."""
    assert one.shape == other.shape
    return float((one - other).abs().max())


def assert_same(ours: Conditioning, theirs: Conditioning) -> None:
    """To the last bit, states and pooled."""
    assert difference(ours.states, theirs.states) == 0
    if ours.pooled is None or theirs.pooled is None:
        assert ours.pooled is theirs.pooled is None
    else:
        assert difference(ours.pooled, theirs.pooled) == 0
